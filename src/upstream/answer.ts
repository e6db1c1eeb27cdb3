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
import { parseJson } from './json.ts';
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
  // A part of an answer may well be JSON, and say something else than the whole.
  if (answer.status === 206) throw new ProviderBadResponse(decoder.provider);
  if (answer.status < 200 || answer.status > 299) throw problemOfStatus(answer, decoder.provider);
  return decoder.decode(jsonOf(answer, decoder.provider));
}

function jsonOf({ body }: UpstreamAnswer, provider: ProviderName): unknown {
  try {
    return parseJson(body);
  } catch {
    throw new ProviderBadResponse(provider);
  }
}

function problemOfStatus({ status, headers }: UpstreamAnswer, provider: ProviderName): Problem {
  if (status === 401 || status === 402 || status === 403) return new ProviderUnauthorized(provider);
  if (status === 429) return new ProviderThrottled(provider, retryAfterSeconds(headers));
  if (status === 408 || status >= 500) return new ProviderUnavailable(provider);
  return status >= 400 ? new ProviderRejected(provider) : new ProviderBadResponse(provider);
}

/** Longest that a Retry-After is believed, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 300;

/**
 * Seconds to wait by a Retry-After header (RFC 9110, 10.2.3: seconds or an HTTP date), at most five minutes; null
 * where there is none or it makes no sense. Of several the longest. A date is of the provider's clock, and compared with
 * the date that it gives its answer.
 */
export function retryAfterSeconds(headers: UpstreamAnswer['headers'], now = Date.now()): number | null {
  const header = headers['retry-after'];
  if (header === undefined) return null;
  const seconds = [header].flat().flatMap((each) => secondsOf(each.trim(), momentOf(headers.date) ?? now) ?? []);
  return seconds.length === 0 ? null : Math.min(Math.max(...seconds), MAX_RETRY_AFTER_SECONDS);
}

function secondsOf(text: string, now: number): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const at = momentOf(text);
  if (at === null) return null;
  const seconds = Math.ceil((at - now) / 1_000);
  return seconds > 0 ? seconds : null;
}

/** The moment of an HTTP date. */
function momentOf(text: string | string[] | undefined): number | null {
  // Date.parse makes a date of nearly anything: only what looks like one is handed to it.
  if (typeof text !== 'string' || !/^[A-Z][a-z]+, .+ GMT$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
