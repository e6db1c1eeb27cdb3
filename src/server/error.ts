// The one translation of what went wrong into what a GraphQL caller gets: a message in our words, a code, and no more.

import { GraphQLError } from 'graphql';
import { Problem } from '../invitation/problem.ts';
import type { Logger } from '../telemetry/log.ts';
import { CallerGone } from '../upstream/cancellation.ts';

/** Gives the masking function that yoga calls with every error before it leaves. */
export function createErrorMask(log: Logger) {
  return (error: unknown): GraphQLError => {
    const located = error instanceof GraphQLError ? error : undefined;
    const cause = rootOf(error);
    // Nobody is there to read it, and nothing went wrong.
    if (cause instanceof CallerGone) return new GraphQLError('The caller has gone.', placeOf(located));
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

/** Marks an error that has no code of ours as the caller's, and takes the caller's values out of its message. */
function withCode(error: GraphQLError): GraphQLError {
  const http = error.extensions?.http;
  return new GraphQLError(withoutValues(error.message), {
    ...placeOf(error),
    extensions: { code: 'BAD_USER_INPUT', retryable: false, ...(http === undefined ? {} : { http }) },
  });
}

// graphql-js repeats values, and they may be addresses: which variable, where in it and which type is enough.
function withoutValues(message: string): string {
  const variable = /^Variable "\$(\w+)" got invalid value [\s\S]*?(?: at "([\w.[\]]+)")?;/.exec(message);
  if (variable !== null) {
    return `Variable "$${variable[1]}" does not fit its type${variable[2] === undefined ? '' : ` at ${variable[2]}`}: check it against the schema.`;
  }
  return message
    .replace(/^(Syntax Error: [\s\S]*?(?:Block)?String) "[\s\S]*$/, '$1.')
    .replace(/( cannot represent [^:]*value): [\s\S]*$/, '$1.')
    .replace(/^Value "[\s\S]*" does not exist in/, 'A value does not exist in')
    .replace(/(Expected value of type "[^"]*"), found [\s\S]*$/, '$1.');
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
