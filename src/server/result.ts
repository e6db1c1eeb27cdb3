// A result of GraphQL as an HTTP response, by the GraphQL-over-HTTP specification (draft, 2025): which media type, and
// which status. https://graphql.github.io/graphql-over-http/draft/

import type { ServerResponse } from 'node:http';
import type { Answer } from '../operations/answer.ts';
import { INVALID_TOKEN } from './authorization.ts';
import { JSON_HEADERS } from './reply.ts';
import { REQUEST_ID } from './request-id.ts';

const MEDIA_TYPES = ['application/graphql-response+json', 'application/json'] as const;

export type MediaType = (typeof MEDIA_TYPES)[number];

/** Whether the caller takes a stream of events. */
export function takesEvents(accept: string | undefined): boolean {
  return accept !== undefined && /(^|[\s,])text\/event-stream/i.test(accept);
}

/** The media type to answer with, or undefined where the caller takes none that we have. */
export function negotiate(accept: string | undefined): MediaType | undefined {
  if (accept === undefined || accept === '*/*') return 'application/json';
  const ranges = accept
    .toLowerCase()
    .split(',')
    .map((range) => range.trim())
    .filter((range) => /charset=(?!utf-8)/.exec(range) === null)
    .map((range) => range.split(';', 1)[0]);
  const named = MEDIA_TYPES.find((type) => ranges.includes(type));
  return named ?? (ranges.includes('*/*') || ranges.includes('application/*') ? 'application/json' : undefined);
}

const HEADERS: Record<MediaType, readonly string[]> = {
  'application/json': headersOf('application/json'),
  'application/graphql-response+json': headersOf('application/graphql-response+json'),
};

function headersOf(mediaType: MediaType): string[] {
  return Object.entries({ ...JSON_HEADERS, 'content-type': `${mediaType}; charset=utf-8` }).flat();
}

/** In characters: up to here another write costs more than another text. */
const MAX_JOINED = 256 * 1024;

export function sendResult(response: ServerResponse, mediaType: MediaType, result: Answer, requestId: string): void {
  const waitSeconds = refusedForSeconds(result);
  if (waitSeconds !== undefined) response.setHeader('retry-after', String(waitSeconds));
  const status = waitSeconds === undefined ? statusOf(mediaType, result) : 429;
  if (status === 401) response.setHeader('www-authenticate', INVALID_TOKEN);
  const body = JSON.stringify(result);
  const headers = [...HEADERS[mediaType], REQUEST_ID, requestId];
  // Others are served between the making of a large text and its way out.
  if (body.length > MAX_JOINED) setImmediate(sendText, response, status, headers, body);
  else sendText(response, status, headers, body);
}

function sendText(response: ServerResponse, status: number, headers: string[], body: string): void {
  const bytes = Buffer.byteLength(body);
  // Without its length Node would send the body in chunks: three writes in place of one.
  headers.push('content-length', String(bytes));
  response.writeHead(status, headers);
  // A byte a character is ASCII, which need not be encoded.
  const encoding = bytes === body.length ? 'latin1' : 'utf8';
  // Node would put the head in front of a text, by making another text of both.
  if (body.length > MAX_JOINED) response.end(Buffer.from(body, encoding));
  else response.end(body, encoding);
}

// Where the operation never ran there is no data; callers that know only application/json are told so in a 200. A
// document that is asked for by its hash and not known is no fault of the request, and one that this viewer may not run is
// none of its form.
function statusOf(mediaType: MediaType, { data, errors }: Answer): number {
  const code = errors?.[0]?.extensions.code;
  // The token's tenant has gone since it was shown.
  if (data === undefined && code === 'UNAUTHENTICATED') return 401;
  if (data !== undefined || mediaType === 'application/json') return 200;
  if (code === 'FORBIDDEN') return 403;
  return typeof code === 'string' && code.startsWith('PERSISTED_QUERY_') ? 200 : 400;
}

/** For how long the caller has to wait, where nothing was given because it asks for more than its rate. */
export function refusedForSeconds({ data, errors }: Answer): number | undefined {
  if (errors === undefined || !isEmpty(data)) return undefined;
  const waits = errors.map(({ extensions: { code, retryAfterSeconds } }) =>
    code === 'RATE_LIMITED' ? retryAfterSeconds : undefined,
  );
  return waits.every((seconds) => typeof seconds === 'number') ? Math.max(...waits) : undefined;
}

/** Whether no field of the operation has a value: each is null, or a list of nulls. What is below them was found. */
export function isEmpty(data: unknown): boolean {
  if (data === null || data === undefined) return true;
  return Object.values(data).every((field) => (Array.isArray(field) ? field.every(isNothing) : isNothing(field)));
}

function isNothing(value: unknown): boolean {
  return value === null;
}
