// What a request shows of who sends it: its Authorization headers, and nothing else. A query string would stand in logs, and
// a browser sends cookies for any page.

import type { IncomingMessage } from 'node:http';

/** Every Authorization header of the request, because Node drops all but the first; undefined where there is none. */
export function authorizationOf({ headers, rawHeaders }: IncomingMessage): readonly string[] | undefined {
  if (headers.authorization === undefined) return undefined;
  const shown: string[] = [];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n];
    if (name?.length === NAME.length && name.toLowerCase() === NAME) shown.push(rawHeaders[n + 1] ?? '');
  }
  return shown;
}

const NAME = 'authorization';

/** What a token that is not accepted is answered with (RFC 6750). */
export const INVALID_TOKEN = 'Bearer error="invalid_token"';
