// Tells the operator which pages are kept out by a setting, each origin once: the browser tells it only on its own console.
// Origins come from outside: a hundred are remembered, and only what is an origin, and so holds no name, password, path or
// query, is written into the log.

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
    if (headers['sec-fetch-site'] === 'same-origin' || isAllowedOrigin(headers, options) || !isOrigin(origin)) return;
    told.add(origin);
    log.warn({ origin }, ADVICE);
    if (told.size === MAX_ORIGINS) log.warn('pages of further origins are kept out without a word here');
  };
}

/** One of a site, or the word that stands for a sandboxed frame or a file. */
function isOrigin(text: string): boolean {
  return text === 'null' || (text.length <= MAX_LENGTH && URL.parse(text)?.origin === text);
}

const ADVICE =
  'pages of this origin may not call the gateway: add it to CORS_ORIGINS, or set PUBLIC_ORIGIN to it where it is the gateway itself';
