// A result of GraphQL as an HTTP response, by the GraphQL-over-HTTP specification (draft, 2025): which media type, and
// which status. https://graphql.github.io/graphql-over-http/draft/

import type { ServerResponse } from 'node:http';
import type { ExecutionResult, FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';

const MEDIA_TYPES = ['application/graphql-response+json', 'application/json'] as const;

type MediaType = (typeof MEDIA_TYPES)[number];

/** Whether the caller takes a stream of events. */
export function takesEvents(accept: string | undefined): boolean {
  return /(^|[\s,])text\/event-stream/i.test(accept ?? '');
}

/** The media type to answer with, or undefined where the caller takes none that we have. */
export function negotiate(accept: string | undefined): MediaType | undefined {
  if (accept === undefined) return 'application/json';
  const ranges = accept
    .toLowerCase()
    .split(',')
    .map((range) => range.trim())
    .filter((range) => /charset=(?!utf-8)/.exec(range) === null)
    .map((range) => range.split(';', 1)[0]);
  const named = MEDIA_TYPES.find((type) => ranges.includes(type));
  return named ?? (ranges.includes('*/*') || ranges.includes('application/*') ? 'application/json' : undefined);
}

export function sendResult(response: ServerResponse, mediaType: MediaType, result: ExecutionResult): void {
  const body = JSON.stringify(formatResult(result));
  response.writeHead(statusOf(mediaType, result), {
    'content-type': `${mediaType}; charset=utf-8`,
    // Without it Node would send the body in chunks: three writes in place of one.
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** A result as callers get it. */
export function formatResult(result: ExecutionResult): FormattedExecutionResult {
  const { errors, ...rest } = result;
  return errors === undefined ? rest : { errors: errors.map(withoutHttp), ...rest };
}

// Yoga keeps notes for its own HTTP layer there.
function withoutHttp(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = error.toJSON();
  const { http, unexpected, ...ours } = extensions;
  return { ...rest, extensions: ours };
}

// Where the operation never ran there is no data; callers that know only application/json are told so in a 200.
function statusOf(mediaType: MediaType, result: ExecutionResult): number {
  return 'data' in result || mediaType === 'application/json' ? 200 : 400;
}
