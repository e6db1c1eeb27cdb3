// Whose pages may do what CORS does not decide: open a WebSocket, and send a GET, which a browser sends for any page
// without asking first. A page never reads the answer of a GET that CORS does not allow it, but the operation would
// have run, at the cost of the providers' quota. Clients outside browsers send none of these headers, and may do both.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isPageRequest } from './graphiql-page.ts';

export interface OriginOptions {
  /** Ours, as browsers see it; undefined where it is the one that a request names as its host. */
  readonly publicOrigin: string | undefined;
  /** Others whose pages may call the gateway from a browser. */
  readonly corsOrigins: readonly string[];
}

/** Whether the caller is a page of ours, one of an origin that the settings name, or no page at all. */
export function isAllowedOrigin(
  { origin, host }: IncomingHttpHeaders,
  { publicOrigin, corsOrigins }: OriginOptions,
): boolean {
  if (origin === undefined || corsOrigins.includes(origin)) return true;
  return publicOrigin === undefined ? isOfHost(origin, host) : origin === publicOrigin;
}

/**
 * Whether that origin has this host and port. Its scheme is taken for ours, because a proxy may end TLS before us; a port
 * that the scheme has anyway may be named or not.
 */
function isOfHost(origin: string, host: string | undefined): boolean {
  const page = URL.parse(origin);
  // The origin of a sandboxed frame or of a file is the word `null`, which is no URL.
  if (page === null || host === undefined) return false;
  return page.origin !== 'null' && URL.parse(`${page.protocol}//${host}`)?.origin === page.origin;
}

/**
 * Whether a GET of the GraphQL path is not to be run, by what the browser says of it (Fetch Metadata,
 * https://www.w3.org/TR/fetch-metadata/): another site's page sends it without an allowed origin, as an image or a
 * script does, or a link leads to it. The GraphiQL page runs nothing, so that a link may lead to it from anywhere.
 */
export function isRefusedGet(request: IncomingMessage, options: OriginOptions): boolean {
  const { method, headers } = request;
  if ((method !== 'GET' && method !== 'HEAD') || isPageRequest(request)) return false;
  if (headers['sec-fetch-mode'] === 'navigate') return true;
  const site = headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return false;
  return headers.origin === undefined || !isAllowedOrigin(headers, options);
}
