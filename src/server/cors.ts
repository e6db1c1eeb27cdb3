// Which pages may call the gateway from a browser: those of the origins that the settings name, and no others. No
// credentials are allowed along: a caller shows who it is in a header, never by a cookie.

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Gives a function that allows what may be, and answers preflights: true where nothing is left to do. */
export function createCors(
  origins: readonly string[],
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined || allowed.size === 0) return false;
    response.setHeader('vary', 'Origin');
    if (!allowed.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, authorization',
      'access-control-max-age': '7200',
    });
    response.end();
    return true;
  };
}
