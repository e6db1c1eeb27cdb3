// One slot for each ref, in their order: which invitation it names, and what went wrong. All else is in the cache.

import type { GraphQLFormattedError } from 'graphql';
import type { BoardQuery } from './generated/graphql.ts';

export type Named = Pick<NonNullable<BoardQuery['invitations'][number]>, '__typename' | 'id' | 'isFinal'>;

export interface Slot {
  /** Null where there is none; undefined as long as nothing is known. */
  readonly invitation?: Named | null;
  /** Why it could not be read. */
  readonly problem?: string | undefined;
}

/** A ref that failed is null with an error, one that names nothing is null without one. */
export function slotsOf({ invitations }: BoardQuery, problems: ReadonlyMap<number, string>): Slot[] {
  return invitations.map((invitation, n) =>
    problems.has(n) ? { problem: problems.get(n) } : { invitation, problem: undefined },
  );
}

/** Messages by the place of their ref: in an answer the error's path tells it, in a stream `refIndex`. */
export function problemsIn(errors: readonly GraphQLFormattedError[] = []): ReadonlyMap<number, string> {
  return new Map(
    errors.flatMap(({ message, path, extensions }) => {
      const place = extensions?.refIndex ?? path?.[1];
      return typeof place === 'number' ? [[place, message]] : [];
    }),
  );
}
