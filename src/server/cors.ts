// Which pages may call the gateway from a browser: those of the origins that the settings name, and no others. No
// credentials are allowed along: a caller shows who it is in a header, never by a cookie.

import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What pages may send: the body's type and a token, what Apollo Client names itself and passes CSRF prevention with,
 * and what tracing puts on every request of a page (W3C Trace Context and Baggage, Sentry, request ids).
 */
const REQUEST_HEADERS = [
  'content-type',
  'authorization',
  'apollographql-client-name',
  'apollographql-client-version',
  'apollo-require-preflight',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-request-id',
];

const RESPONSE_HEADERS = ['x-request-id', 'retry-after'];

/**
 * @param headers Names of headers that pages may send besides those that every page may.
 * @returns a function that allows what may be, and answers preflights: true where nothing is left to do.
 */
export function createCors(
  origins: readonly string[],
  headers: readonly string[],
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const allowed = new Set(origins);
  const requestHeaders = [...new Set([...REQUEST_HEADERS, ...headers])].join(', ');
  const responseHeaders = RESPONSE_HEADERS.join(', ');
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined || allowed.size === 0) return false;
    response.setHeader('vary', 'Origin');
    if (!allowed.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      response.setHeader('access-control-expose-headers', responseHeaders);
      return false;
    }
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': requestHeaders,
      'access-control-max-age': '7200',
    });
    response.end();
    return true;
  };
}
