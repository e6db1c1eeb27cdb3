// The page's token: asked of your backend once for all who need it, and anew at half of its life, so that none expires in use.

export function createTokens(ask: () => Promise<string>): () => Promise<string> {
  let token: Promise<string> | undefined;
  let renewAt = 0;
  return () => {
    if (token !== undefined && Date.now() < renewAt) return token;
    renewAt = Number.POSITIVE_INFINITY;
    const asked = ask().then((given) => {
      renewAt = Date.now() + lifeMsOf(given) / 2;
      return given;
    });
    token = asked;
    // Nor is an answer remembered that is no token.
    asked.catch(() => {
      renewAt = 0;
    });
    return asked;
  };
}

/** By its own two times, where it tells both: the page's clock may be wrong. */
function lifeMsOf(token: string): number {
  const [, payload = ''] = token.split('.');
  const { exp, iat = Date.now() / 1_000 } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  return (exp - iat) * 1_000;
}

/** `fetch` with the token: for Apollo Client's HttpLink, urql's Client and Relay's network alike. */
export function fetchWith(token: () => Promise<string>): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await token()}`);
    return fetch(input, { ...init, headers });
  };
}
