// The names of callers as all processes have them: digests, because no address is to stand in Redis.

import { digestOf } from './call-name.ts';

/** Most callers whose digests are remembered. */
const MAX_DIGESTS = 10_000;

export class CallerDigests {
  readonly #accountId: string;
  readonly #digests = new Map<string, string>();
  readonly #callers = new Map<string, string>();

  constructor(accountId: string) {
    this.#accountId = accountId;
  }

  /** The work that no caller waits for has no name, and no digest. */
  digestOf(caller: string): string {
    if (caller === '') return '';
    const known = this.#digests.get(caller);
    if (known !== undefined) return known;
    if (this.#digests.size >= MAX_DIGESTS) {
      this.#digests.clear();
      this.#callers.clear();
    }
    const digest = digestOf(this.#accountId, caller);
    this.#digests.set(caller, digest);
    this.#callers.set(digest, caller);
    return digest;
  }

  /** Who has this digest; undefined where this process does not know. */
  callerOf(digest: string): string | undefined {
    return this.#callers.get(digest);
  }
}
