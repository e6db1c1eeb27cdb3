// The one translation of what went wrong into what a GraphQL caller gets: a message in our words, a code, and no more.
// What a caller wrote is named by its place and type. graphql-js repeats values in its messages, and they may be
// addresses: a message of its own leaves only where its rule names nothing but names of the document and of the schema.

import { GraphQLError, Kind, TokenKind } from 'graphql';
import { BadUserInput, Problem } from '../invitation/problem.ts';
import type { Logger } from '../telemetry/log.ts';
import { CallerGone } from '../upstream/cancellation.ts';

export type MaskError = (error: unknown) => GraphQLError;

/** Gives the function that every error passes before it leaves. */
export function createErrorMask(log: Logger): MaskError {
  return (error) => {
    const located = error instanceof GraphQLError ? error : undefined;
    const cause = rootOf(error);
    // Nobody is there to read it, and nothing went wrong.
    if (cause instanceof CallerGone) return new GraphQLError('The caller has gone.', placeOf(located));
    if (cause instanceof Problem) return ofProblem(cause, located);
    if (cause instanceof GraphQLError && isAboutArgument(cause)) {
      return ofProblem(new BadUserInput('An argument does not fit its type: check it against the schema.'), located);
    }
    log.error({ err: cause }, 'an unexpected error was masked');
    const message = 'Something went wrong in the gateway: try again, and tell whoever runs it if it stays so.';
    return new GraphQLError(message, {
      ...placeOf(located),
      extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false },
    });
  };
}

function ofProblem(problem: Problem, located?: GraphQLError): GraphQLError {
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

/** What is wrong with a document that cannot be parsed, given so many tokens at most. */
export function syntaxError(error: unknown, maxTokens: number | undefined): Error {
  // The parser calls itself for whatever is nested, and the stack is all that bounds it.
  if (error instanceof RangeError) return new BadUserInput('The document is nested too deep: ask for less at once.');
  if (!(error instanceof GraphQLError)) return new TypeError('the parser failed');
  if (maxTokens !== undefined && error.message.includes(`more that ${maxTokens} tokens`)) {
    return new BadUserInput(`The document has more than ${maxTokens} tokens: ask for less at once.`);
  }
  const [place] = error.locations ?? [];
  const where = place === undefined ? '' : ` at line ${place.line}, column ${place.column}`;
  return at(error, `Syntax Error: ${expectationOf(error.message) ?? 'the document cannot be read'}${where}.`);
}

const TOKENS: readonly string[] = Object.values(TokenKind);

// graphql-js says what it expected, and what it found with its text: of that the kind of token alone is told.
function expectationOf(message: string): string | undefined {
  const [, expected = '', found = ''] =
    /^Syntax Error: (?:Expected "?([^",]{1,20})"?, found|Unexpected) "?([^\s".]{1,11})/.exec(message) ?? [];
  if (!TOKENS.includes(found)) return undefined;
  return TOKENS.includes(expected) ? `expected ${expected}, found ${found}` : `unexpected ${found}`;
}

/** What is wrong with a document that does not fit the schema. */
export function validationError(error: GraphQLError): GraphQLError {
  // It was given up, as graphql-js does where one field is selected again and again.
  if (error.nodes === undefined) return at(error, 'The document takes too long to check: ask for less at once.');
  const isAboutValue = error.nodes.some(({ kind }) => VALUES.has(kind));
  const message = isAboutValue ? 'A value does not fit its type: check it against the schema.' : error.message;
  return at(error, message);
}

function at(error: GraphQLError, message: string): GraphQLError {
  return new GraphQLError(message, { ...placeOf(error), originalError: new BadUserInput(message) });
}

const VALUES: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
]);

// Of graphql-js's errors in mid-run, those that stand at an argument or a condition are the caller's to mend.
function isAboutArgument({ nodes }: GraphQLError): boolean {
  return nodes?.some(({ kind }) => VALUES.has(kind) || kind === Kind.VARIABLE || kind === Kind.DIRECTIVE) ?? false;
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
