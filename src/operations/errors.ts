// The one translation of what went wrong into what a GraphQL caller gets: a message in our words, a code, and no more.
// What a caller wrote is named by its place and type, and never repeated: it may be an address.

import { type ASTNode, GraphQLError, type GraphQLFormattedError, getLocation, Kind } from 'graphql';
import { BadUserInput, OverLimit, Problem, ProblemOfRef } from '../invitation/problem.ts';
import type { Limit } from '../invitation/problem-code.ts';
import type { Logger } from '../telemetry/log.ts';
import { CallerGone } from '../upstream/cancellation.ts';

/** An error as callers get it. */
export interface AnswerError extends GraphQLFormattedError {
  readonly extensions: {
    readonly code: string;
    readonly retryable: boolean;
    readonly provider?: string;
    readonly retryAfterSeconds?: number;
    /** In a stream: which of the refs it is about. */
    readonly refIndex?: number;
  };
}

/** What went wrong at a field. Not an Error: an operation may have thousands, and most of the cost of each is its stack. */
export class FieldFault {
  readonly error: unknown;
  readonly nodes: readonly ASTNode[] | undefined;
  readonly path: readonly (string | number)[] | undefined;

  constructor(error: unknown, nodes: readonly ASTNode[] | undefined, path: readonly (string | number)[] | undefined) {
    this.error = error;
    this.nodes = (error instanceof GraphQLError && error.nodes) || nodes;
    this.path = path;
  }
}

export type MaskError = (error: unknown) => AnswerError;

/**
 * Gives the function that every error passes before it leaves.
 * @param onLimit Told of each limit that an operation is beyond.
 */
export function createErrorMask(log: Logger, onLimit?: (limit: Limit) => void): MaskError {
  return (error) => {
    const cause = rootOf(error);
    // The caller has gone, and nothing went wrong.
    if (cause instanceof CallerGone) return tell(GONE, error);
    if (cause instanceof OverLimit) onLimit?.(cause.limit);
    if (cause instanceof Problem) return tell(cause, error);
    if (cause instanceof ProblemOfRef) return withRefIndex(tell(cause.problem, error), cause.refIndex);
    if (cause instanceof GraphQLError && isAboutArgument(cause)) return tell(UNFIT_ARGUMENT, error);
    log.error({ err: cause }, 'an unexpected error was masked');
    return tell(UNEXPECTED, error);
  };
}

function withRefIndex(error: AnswerError, refIndex: number): AnswerError {
  return { ...error, extensions: { ...error.extensions, refIndex } };
}

type Told = Pick<Problem, 'message' | 'retryable' | 'provider' | 'retryAfterSeconds'> & { readonly code: string };

const UNFIT_ARGUMENT = new BadUserInput('An argument does not fit its type: check it against the schema.');

const UNEXPECTED: Told = {
  message: 'Something went wrong in the gateway: try again, and tell whoever runs it if it stays so.',
  code: 'INTERNAL_SERVER_ERROR',
  retryable: false,
  provider: null,
  retryAfterSeconds: null,
};

/** Of what no caller gets any more. */
export const GONE_CODE = 'CALLER_GONE';

const GONE: Told = { ...UNEXPECTED, code: GONE_CODE, message: 'The caller has gone.' };

/** What is refused before there is an operation. */
export function refusal(message: string): AnswerError {
  return errorOf(new BadUserInput(message));
}

/** A problem that no field has. */
export function errorOf(problem: Problem): AnswerError {
  return tell(problem, undefined);
}

function tell(told: Told, error: unknown): AnswerError {
  const { nodes, path } = error instanceof GraphQLError || error instanceof FieldFault ? error : NOWHERE;
  const locations = nodes && locationsOf(nodes);
  const extensions = extensionsOf(told);
  // There may be thousands, and nearly all have a place and a path.
  if (locations && path) return { message: told.message, locations, path, extensions };
  return { message: told.message, ...(locations ? { locations } : {}), ...(path ? { path } : {}), extensions };
}

const NOWHERE = { nodes: undefined, path: undefined };

const BAD_USER_INPUT: AnswerError['extensions'] = { code: 'BAD_USER_INPUT', retryable: false };

function extensionsOf({ code, retryable, provider, retryAfterSeconds }: Told): AnswerError['extensions'] {
  if (code === BAD_USER_INPUT.code) return BAD_USER_INPUT;
  return {
    code,
    ...(provider === null ? {} : { provider }),
    retryable,
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
  };
}

/** A fault of ours that no field is to blame for. */
export const INTERNAL_ERROR = tell(UNEXPECTED, undefined);

type Locations = GraphQLFormattedError['locations'];

/** Kept on the array of nodes, which nobody freezes: a WeakMap with an entry for each new document is expensive to collect. */
const LOCATIONS = Symbol('where these nodes are');

// Finding a line takes a walk over the text, and a list of a hundred faults has one place.
function locationsOf(nodes: readonly ASTNode[] & { [LOCATIONS]?: Locations }): Locations {
  nodes[LOCATIONS] ??= nodes.flatMap(({ loc }) => (loc ? [getLocation(loc.source, loc.start)] : []));
  return nodes[LOCATIONS];
}

/** The kinds of nodes that are values, and as such never repeated. */
export const VALUES: ReadonlySet<string> = new Set([
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

// What a resolver threw may be wrapped, sometimes more than once.
function rootOf(error: unknown): unknown {
  if (error instanceof FieldFault) return rootOf(error.error);
  return error instanceof GraphQLError && error.originalError !== undefined ? rootOf(error.originalError) : error;
}
