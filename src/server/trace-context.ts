// The trace that a request belongs to where it comes from, by its `traceparent` (W3C Trace Context, level 1:
// https://www.w3.org/TR/trace-context/). Whatever else the header may say, whether the gateway traces is not for it to
// decide. `tracestate` and `baggage` are not read.

import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import { isFrom } from './caller-id.ts';

export interface RemoteSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** What the request brings; undefined where it brings nothing. */
export type BroughtBy = (request: IncomingMessage) => BroughtTrace | undefined;

/** @param trusted Proxies whose word is taken. */
export function createBroughtTraces(trusted: BlockList): BroughtBy {
  return (request) => {
    const { traceparent } = request.headers;
    // Node joins several of them, which makes none.
    return traceparent === undefined ? undefined : new BroughtTrace(String(traceparent), isFrom(trusted, request));
  };
}

export class BroughtTrace {
  readonly #traceparent: string;
  /** Whether a proxy that is trusted has sent it: then what is done for the request belongs to that trace, else it is linked. */
  readonly isTrusted: boolean;

  constructor(traceparent: string, isTrusted: boolean) {
    this.#traceparent = traceparent;
    this.isTrusted = isTrusted;
  }

  /** The same where it is only linked: what a socket is used for is not all one trace. */
  linked(): BroughtTrace {
    return new BroughtTrace(this.#traceparent, false);
  }

  /** Undefined where the header is malformed. Read where it is asked for: mostly nobody does. */
  get parent(): RemoteSpan | undefined {
    const [, version, traceId = '', spanId = '', more] = FORM.exec(this.#traceparent) ?? [];
    if (version === undefined || (version === '00' && more !== undefined)) return undefined;
    return { traceId, spanId };
  }
}

// Later versions may have more at the end.
const FORM = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(-.*)?$/;
