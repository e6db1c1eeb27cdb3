// The body of a POST to /graphql: JSON with a query, or a reason why it is not.

export interface Params {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
}

/** The parameters, or what is wrong with them; nothing of the body is repeated in it. */
export function parseParams(body: Buffer): Params | { readonly fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return { fault: 'The body is not JSON: check its syntax.' };
  }
  if (!isObject(value)) return { fault: 'The body is not a JSON object: send one operation as {"query": "…"}.' };
  return checkParams(value);
}

/** The parameters of a GET; undefined where there is no query in it. */
export function paramsOfUrl(url: string): Params | undefined {
  const { searchParams } = new URL(url, 'http://gateway');
  const variables = searchParams.get('variables');
  try {
    const params = checkParams({
      query: searchParams.get('query'),
      operationName: searchParams.get('operationName'),
      variables: variables === null ? null : JSON.parse(variables),
    });
    return 'fault' in params ? undefined : params;
  } catch {
    return undefined;
  }
}

function checkParams(value: Record<string, unknown>): Params | { readonly fault: string } {
  const { query, variables = null, operationName = null, extensions = null } = value;
  if (typeof query !== 'string') return { fault: 'The body has no query: send it as {"query": "…"}.' };
  if (variables !== null && !isObject(variables)) return { fault: 'variables is not an object.' };
  if (operationName !== null && typeof operationName !== 'string') return { fault: 'operationName is not a text.' };
  if (extensions !== null && !isObject(extensions)) return { fault: 'extensions is not an object.' };
  return {
    query,
    ...(variables === null ? {} : { variables }),
    ...(operationName === null ? {} : { operationName }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
