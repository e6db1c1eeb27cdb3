// The public keys of an identity provider, of our own keeping: the last good set goes on while its source is down, because
// a page whose token is refused logs its user out. jose's own set refuses every token then. A set is fetched anew for as
// long as a token that it signed may be in use; one that only forged tokens ask for is not.

import type { KeyObject } from 'node:crypto';
import { AuthUnavailable } from '../invitation/problem.ts';
import { type PublicKey, publicKeysOf } from './jwks.ts';

export interface KeySet {
  /**
   * The keys that may have signed a token with this header; none where the set has none. At once where they are known.
   * @throws AuthUnavailable where the keys could never be had, or have not been for too long.
   */
  find(alg: string, kid: string | undefined): readonly KeyObject[] | Promise<readonly KeyObject[]>;
  /** Whether a key that has signed a token is still in the set. */
  has(key: KeyObject): boolean;
  /** Whether keys are there. The first question fetches them. */
  isReady(): boolean;
  /** Undefined while nobody needs it: it is not fetched then. To ask is no use of it. */
  state(): KeySetState | undefined;
  stop(): void;
}

/** How it stands with a set, for operators. */
export interface KeySetState {
  /** How long ago it was fetched, in milliseconds; Infinity where it never was. */
  readonly ageMs: number;
  /** Whether its source gave no keys when it was last asked. */
  readonly isDown: boolean;
}

export interface KeySetOptions {
  /** @throws Error where the source gives no JSON. */
  readonly fetch: () => Promise<unknown>;
  /** For how long the last good set is used while the source is down, in milliseconds. */
  readonly staleMs: number;
  /** Told when a key is not in the set any more, or the set is too old to go on. */
  readonly onGone: () => void;
  /** Told when the source goes down and when it is back. */
  readonly onTrouble: (isDown: boolean) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** How often the set is fetched anew, and how soon after a failure, in milliseconds. */
const REFRESH_MS = 300_000;
const RETRY_MS = 10_000;

/** A key that is not in the set may be new. So often it is looked for. */
const UNKNOWN_KEY_MS = 10_000;

/** Longer than any token lives. */
const IN_USE_MS = 90_000_000;

/** Most keys that one token is tried with. */
const MAX_TRIED = 20;

export function createKeySet({
  fetch,
  staleMs,
  onGone,
  onTrouble,
  now = () => performance.now(),
}: KeySetOptions): KeySet {
  let keys: readonly PublicKey[] = [];
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  /** When somebody came last with a token that the set has signed, or asked whether keys are there. */
  let usedAt = Number.NEGATIVE_INFINITY;
  let isDown = false;
  let isStopped = false;
  let flight: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** One for everybody who waits; it never rejects. */
  function refresh(): Promise<void> {
    triedAt = now();
    flight ??= fetch()
      .then(publicKeysOf)
      .then(
        (fetched) => {
          fetchedAt = now();
          replace(fetched);
          report(false);
        },
        () => {
          if (!isReady()) replace([]);
          report(true);
        },
      )
      .finally(() => {
        flight = undefined;
        schedule();
      });
    return flight;
  }

  const isInUse = () => now() - usedAt <= IN_USE_MS;

  function schedule(): void {
    clearTimeout(timer);
    timer = isInUse() && !isStopped ? setTimeout(refresh, isDown ? RETRY_MS : REFRESH_MS).unref() : undefined;
  }

  /** Those that were there stay the same objects: what was verified by them goes on. */
  function replace(fetched: readonly PublicKey[]): void {
    const before = keys;
    const kept = new Map(before.map((key) => [key.fingerprint, key]));
    keys = fetched.map((key) => kept.get(key.fingerprint) ?? key);
    if (before.some((key) => !keys.includes(key))) onGone();
  }

  function report(isNowDown: boolean): void {
    if (isDown !== isNowDown) onTrouble(isNowDown);
    isDown = isNowDown;
  }

  const isReady = (at = now()) => keys.length > 0 && at - fetchedAt <= staleMs;

  function use(at: number): void {
    usedAt = at;
    if (timer !== undefined || flight !== undefined || isStopped) return;
    if (at - triedAt >= REFRESH_MS) void refresh();
    else schedule();
  }

  function match(alg: string, kid: string | undefined): readonly KeyObject[] {
    if (!isReady()) throw new AuthUnavailable();
    return keys
      .filter((one) => one.algs.includes(alg) && (kid === undefined || one.kid === kid))
      .slice(0, MAX_TRIED)
      .map(({ key }) => key);
  }

  return {
    find(alg, kid) {
      const at = now();
      const isKept = timer !== undefined || at - fetchedAt < REFRESH_MS;
      const isKnown = isKept && isReady(at) && match(alg, kid).length > 0;
      const mayAsk = !isStopped && (flight !== undefined || at - triedAt >= UNKNOWN_KEY_MS);
      if (isKnown || !mayAsk) return match(alg, kid);
      return refresh().then(() => match(alg, kid));
    },
    has(key) {
      const at = now();
      use(at);
      return isReady(at) && keys.some((each) => each.key === key);
    },
    isReady() {
      use(now());
      return isReady();
    },
    // One that could never be fetched has verified no token, and is in use by nobody: that it failed is told for a while.
    state: () =>
      isInUse() || (isDown && now() - triedAt < REFRESH_MS) ? { ageMs: now() - fetchedAt, isDown } : undefined,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
