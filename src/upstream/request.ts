// A request to a provider and its answer, as bytes, before they are decoded.

import type { ProviderName } from '../invitation/provider.ts';

export interface UpstreamRequest {
  readonly provider: ProviderName;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  /** The path without what names an invitation: it may be shown. */
  readonly template: string;
  /** Parameters, not yet encoded. */
  readonly query: Readonly<Record<string, string>>;
  /** Names and values in turn, as undici takes them fastest; made once an account. */
  readonly headers: string[];
  /** Most bytes of the body that are taken. */
  readonly maxBytes: number;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What every call sends: a compressed body could be far larger than what is counted, so none is asked for. */
export const FIXED_HEADERS: readonly string[] = ['accept', 'application/json', 'accept-encoding', 'identity'];

/** Path and query: exactly the parameters given, every reserved character encoded, `+` and the space too. */
export function targetOf(request: Pick<UpstreamRequest, 'path' | 'query'>): string {
  let target = request.path;
  let separator = '?';
  for (const name of Object.keys(request.query)) {
    const value = request.query[name] ?? '';
    target += `${separator}${encode(name)}=${encode(value)}`;
    separator = '&';
  }
  return target;
}

// Nearly every id is of such characters, and looking is faster than encoding.
function encode(text: string): string {
  return /^[\w.~-]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
