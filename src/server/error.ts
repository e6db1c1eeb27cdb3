// The one translation of what went wrong into what a GraphQL caller gets: a message in our words, a code, and no more.

import { GraphQLError } from 'graphql';
import { Problem } from '../invitation/problem.ts';
import type { Logger } from '../telemetry/log.ts';

/** Gives the masking function that yoga calls with every error before it leaves. */
export function createErrorMask(log: Logger) {
  return (error: unknown): GraphQLError => {
    const located = error instanceof GraphQLError ? error : undefined;
    const cause = rootOf(error);
    if (cause instanceof Problem) return toGraphQLError(cause, located);
    // graphql-js's own refusals (syntax, validation, a variable of the wrong type) are the caller's to mend.
    if (cause instanceof GraphQLError) return withCode(cause);
    log.error({ err: cause }, 'an unexpected error was masked');
    return new GraphQLError(
      'Something went wrong in the gateway: try again, and tell whoever runs it if it stays so.',
      {
        ...placeOf(located),
        extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false, unexpected: true },
      },
    );
  };
}

function toGraphQLError(problem: Problem, located: GraphQLError | undefined): GraphQLError {
  const { code, provider, retryable, retryAfterSeconds } = problem;
  return new GraphQLError(problem.message, {
    ...placeOf(located),
    extensions: {
      code,
      ...(provider === null ? {} : { provider }),
      retryable,
      ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
    },
  });
}

/** Marks an error that has no code of ours as the caller's, and drops what yoga put in beside it. */
function withCode(error: GraphQLError): GraphQLError {
  const { http } = error.extensions;
  return new GraphQLError(error.message, {
    ...placeOf(error),
    extensions: { code: 'BAD_USER_INPUT', retryable: false, ...(http === undefined ? {} : { http }) },
  });
}

function placeOf(error: GraphQLError | undefined) {
  return error === undefined
    ? {}
    : {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
      };
}

// Executors wrap what a resolver threw, sometimes more than once.
function rootOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? rootOf(error.originalError) : error;
}
