// From status and bytes to a decoded answer or a problem: the rules that hold for every provider. What the JSON means is
// the business of each provider's wire.ts.

import {
  type Problem,
  ProviderBadResponse,
  ProviderRejected,
  ProviderThrottled,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { UpstreamAnswer } from './request.ts';

/** What is needed to understand an answer. */
export interface AnswerDecoder<T> {
  readonly provider: ProviderName;
  /** @throws Problem where the JSON is not what the provider's contract says. */
  decode(json: unknown): T;
}

/**
 * @returns null for a 404: there is no such thing.
 * @throws Problem for every other status but 2xx, for a body that is not JSON, and what `decode` throws.
 */
export function readAnswer<T>(answer: UpstreamAnswer, decoder: AnswerDecoder<T>): T | null {
  if (answer.status === 404) return null;
  if (answer.status < 200 || answer.status > 299) throw problemOfStatus(answer, decoder.provider);
  return decoder.decode(jsonOf(answer, decoder.provider));
}

function jsonOf({ body }: UpstreamAnswer, provider: ProviderName): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new ProviderBadResponse(provider);
  }
}

function problemOfStatus({ status, headers }: UpstreamAnswer, provider: ProviderName): Problem {
  if (status === 401 || status === 402 || status === 403) return new ProviderUnauthorized(provider);
  if (status === 429) return new ProviderThrottled(provider, retryAfterSeconds(headers['retry-after']));
  if (status === 408 || status >= 500) return new ProviderUnavailable(provider);
  return status >= 400 ? new ProviderRejected(provider) : new ProviderBadResponse(provider);
}

/** Longest that a Retry-After is believed, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 300;

/**
 * Seconds to wait by a Retry-After header (RFC 9110, 10.2.3: seconds or an HTTP date), at most five minutes; null
 * where there is none or it makes no sense.
 */
export function retryAfterSeconds(header: string | string[] | undefined, now = Date.now()): number | null {
  if (typeof header !== 'string') return null;
  if (/^\d+$/.test(header)) return Math.min(Number(header), MAX_RETRY_AFTER_SECONDS);
  // Date.parse makes a date of nearly anything: only what looks like one is handed to it.
  if (!/^[A-Z][a-z]+, .+ GMT$/.test(header)) return null;
  const seconds = Math.ceil((Date.parse(header) - now) / 1_000);
  return seconds > 0 ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) : null;
}
