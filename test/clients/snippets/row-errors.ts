// Why a row of a page is null. The caches of Apollo Client and of Relay keep the null alone, which then looks like an
// invitation that is not there: this remembers what the last answer to the same variables said.

import type { GraphQLFormattedError } from 'graphql';

export class RowErrors {
  readonly #ofPages = new Map<string, readonly GraphQLFormattedError[]>();

  /** @param errors Those of the answer, if it has any. */
  take(variables: object, errors: readonly GraphQLFormattedError[] = []): void {
    if (errors.length > 0) this.#ofPages.set(JSON.stringify(variables), errors);
    else this.#ofPages.delete(JSON.stringify(variables));
  }

  /** The error of one row of the list; undefined where there is none, so that a null is one that is not there. */
  at(variables: object, row: number): GraphQLFormattedError | undefined {
    return this.#ofPages.get(JSON.stringify(variables))?.find(({ path }) => path?.[1] === row);
  }
}
