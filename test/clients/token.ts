// The page's token: asked of your backend once for all who need it, and anew at half of its life, so that none expires in use.

export function createTokens(ask: () => Promise<string>): () => Promise<string> {
  let token: Promise<string> | undefined;
  let renewAt = 0;
  return () => {
    if (token !== undefined && Date.now() < renewAt) return token;
    renewAt = Number.POSITIVE_INFINITY;
    const asked = ask();
    token = asked;
    asked.then(
      (given) => {
        const [, payload = ''] = given.split('.');
        const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp: number };
        renewAt = Date.now() + (exp * 1_000 - Date.now()) / 2;
      },
      () => {
        renewAt = 0;
      },
    );
    return asked;
  };
}

/** `fetch` with the token: for Apollo Client's HttpLink, urql's Client and Relay's network alike. */
export function fetchWith(token: () => Promise<string>): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await token()}`);
    return fetch(input, { ...init, headers });
  };
}
