// Why a caller is not admitted, as each door says it: an HTTP answer, or the code that a WebSocket is closed with. To the
// client of graphql-ws 4401 is the end, while after 4403 and 1013 it connects anew, and asks its page for a token then.
// What is said holds nothing of the token.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../access/refusal.ts';
import { errorOf } from '../operations/errors.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { reply } from './reply.ts';
import { negotiate } from './result.ts';

interface Wording {
  readonly status: number;
  /** How a token is to be shown (RFC 6750). */
  readonly challenge?: string;
  readonly closing: Closing;
}

/** How a WebSocket is closed. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

const INVALID_TOKEN = 'Bearer error="invalid_token"';

const WORDINGS: Readonly<Record<Refusal['reason'], Wording>> = {
  missing: {
    status: 401,
    challenge: 'Bearer',
    closing: { code: 4401, reason: 'A token is needed: send it as authorization in connection_init' },
  },
  expired: { status: 401, challenge: INVALID_TOKEN, closing: { code: 4403, reason: 'The token has expired' } },
  invalid: { status: 401, challenge: INVALID_TOKEN, closing: { code: 4401, reason: 'The token is not accepted' } },
  forbidden: { status: 403, closing: { code: 4401, reason: 'The token allows nothing here' } },
  unavailable: { status: 503, closing: { code: 1013, reason: 'Tokens cannot be checked for now' } },
  limited: { status: 429, closing: { code: 1013, reason: 'Too many tokens were not accepted: try again later' } },
};

export function sendRefusal(request: IncomingMessage, response: ServerResponse, { reason, problem }: Refusal): void {
  const { status, challenge } = WORDINGS[reason];
  const { retryAfterSeconds } = problem;
  reply(
    response,
    status,
    { errors: [errorOf(problem)] },
    {
      'content-type': `${negotiate(request.headers.accept) ?? 'application/json'}; charset=utf-8`,
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...(isLarge(request) ? { connection: 'close' } : {}),
    },
  );
}

export function closingOf({ reason }: Refusal): Closing {
  return WORDINGS[reason].closing;
}

// A page's token expires every few minutes, and the connection need not go with it: a body that would have been taken is
// read to its end and forgotten.
function isLarge({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES;
}
