// Tells the operator which pages are kept out by a setting, each origin once: the browser tells it only on its own console.
// Origins come from outside: a hundred are remembered, and only what is an origin, and so holds no name, password, path or
// query, is written into the log. It stands there by its parts: the log holds no URL of any kind.

import type { IncomingMessage } from 'node:http';
import type { Logger } from '../telemetry/log.ts';
import { isAllowedOrigin, type OriginOptions } from './origins.ts';

/** Most origins that are told in the life of a process. */
const MAX_ORIGINS = 100;

const MAX_LENGTH = 200;

/** @returns what looks at each request of the GraphQL path. */
export function createForeignOrigins(options: OriginOptions, log: Logger): (request: IncomingMessage) => void {
  const told = new Set<string>();
  return ({ headers }) => {
    const { origin } = headers;
    if (origin === undefined || told.has(origin) || told.size >= MAX_ORIGINS) return;
    // Behind a proxy that names another host the browser knows better.
    if (headers['sec-fetch-site'] === 'same-origin' || isAllowedOrigin(headers, options)) return;
    const page = partsOf(origin);
    if (page === undefined) return;
    told.add(origin);
    log.warn({ page }, ADVICE);
    if (told.size === MAX_ORIGINS) log.warn('pages of further origins are kept out without a word here');
  };
}

/** Undefined for what is no origin. That of a sandboxed frame or of a file is the word null. */
function partsOf(origin: string): { scheme: string; host: string } | 'null' | undefined {
  if (origin === 'null') return origin;
  const url = origin.length > MAX_LENGTH ? null : URL.parse(origin);
  return url?.origin === origin ? { scheme: url.protocol.slice(0, -1), host: url.host } : undefined;
}

const ADVICE =
  'pages of this origin may not call the gateway: add it to CORS_ORIGINS (scheme, ://, host), or set PUBLIC_ORIGIN to it where it is the gateway itself';
