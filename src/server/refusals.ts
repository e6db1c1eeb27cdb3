// What is answered where no operation is run: a request that cannot be one, or a caller that is not admitted. Every door
// says the latter in its way: an HTTP answer, or the code that a WebSocket is closed with. To the client of graphql-ws 4401
// is the end, while after 4403 and 1013 it connects anew, and asks its page for a token then. What is said holds nothing
// of the token. It comes in the media type that the caller takes: clients show no errors out of another one.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../access/refusal.ts';
import { type AnswerError, errorOf, INTERNAL_ERROR, refusal } from '../operations/errors.ts';
import { INVALID_TOKEN } from './authorization.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { reply } from './reply.ts';
import { REQUEST_ID, requestIdOf } from './request-id.ts';
import { type MediaType, negotiate } from './result.ts';

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
  sendErrors(request, response, status, refusedWith(errorOf(problem)), {
    ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
    ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(isLarge(request) ? { connection: 'close' } : {}),
  });
}

/** Also where a part of the body was not read: the connection cannot be used again. */
export function refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  sendErrors(request, response, status, refusedWith(refusal(message)), { connection: 'close' });
}

/**
 * A list of operations, of which none is run: clients that send one take nothing but a list as long. As a result each has
 * the status of one: callers that know only application/json look into nothing but a 200.
 */
export function refuseEach(request: IncomingMessage, response: ServerResponse, count: number, message: string): void {
  const status = mediaTypeFor(request) === 'application/json' ? 200 : 400;
  sendErrors(request, response, status, Array<object>(count).fill(refusedWith(refusal(message))));
}

/** A fault of the gateway. */
export function sendFault(request: IncomingMessage, response: ServerResponse): void {
  sendErrors(request, response, 500, refusedWith(INTERNAL_ERROR), { connection: 'close' });
}

function refusedWith(error: AnswerError): object {
  return { errors: [error] };
}

function sendErrors(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: object = {},
): void {
  // One that was begun has its name already.
  if (!response.hasHeader(REQUEST_ID)) response.setHeader(REQUEST_ID, requestIdOf(request));
  reply(response, status, body, { 'content-type': `${mediaTypeFor(request)}; charset=utf-8`, ...headers });
}

function mediaTypeFor({ headers: { accept } }: IncomingMessage): MediaType {
  return negotiate(accept) ?? 'application/json';
}

export function closingOf({ reason }: Refusal): Closing {
  return WORDINGS[reason].closing;
}

// A page's token expires every few minutes, and the connection need not go with it: a body that would have been taken is
// read to its end and forgotten.
function isLarge({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES;
}
