// Why an old answer is given in place of a new one: for which failures that is allowed, and the reason that callers get.

import {
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import type { Staleness } from '../invitation/snapshot.ts';

/** A read took longer than callers wait who may have the old answer. */
export const TOO_SLOW: Staleness = { reason: 'TIMEOUT', retryAt: null };

/**
 * The staleness of an old answer that is given because this failed.
 * @returns null where no old answer may be given: the provider refused, or its answer could not be decoded.
 */
export function stalenessOf(error: unknown): Staleness | null {
  if (error instanceof ProviderTimeout) return TOO_SLOW;
  if (error instanceof ProviderUnavailable) return { reason: 'UNAVAILABLE', retryAt: null };
  if (error instanceof ProviderOverloaded) return { reason: 'RATE_LIMITED', retryAt: null };
  if (!(error instanceof ProviderRateLimited)) return null;
  const { retryAfterSeconds } = error;
  return {
    reason: 'RATE_LIMITED',
    retryAt: retryAfterSeconds === null ? null : new Date(Date.now() + retryAfterSeconds * 1_000),
  };
}
