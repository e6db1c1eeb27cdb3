// A request whose head is there, so that its caller was admitted, and whose body is still to come.

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LateAnswer {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its query asked for
  readonly body: any;
}

/** @returns what sends the body. */
export async function beginRequest(
  origin: string,
  authorization: string,
  query: string,
  accept = 'application/graphql-response+json',
): Promise<() => Promise<LateAnswer>> {
  const sent = httpRequest(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, accept, expect: '100-continue' },
  });
  sent.flushHeaders();
  // The gateway has the head, however busy the machine is.
  await once(sent, 'continue');
  sent.write('{"query": ');
  await sleep(200);
  return async () => {
    sent.end(`${JSON.stringify(query)}}`);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const { 'www-authenticate': challenge } = response.headers;
    return { status: response.statusCode, challenge, body: JSON.parse(await text(response)) };
  };
}
