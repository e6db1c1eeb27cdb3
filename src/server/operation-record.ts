// What is noted of one operation while it is answered, for whoever listens: it begins when its parameters are there and ends
// when its answer is, or when its stream begins. It has nothing of its variables and of what it gives.

import type { Viewer } from '../access/viewer.ts';
import type { Limit } from '../invitation/problem-code.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Answer } from '../operations/answer.ts';
import type { DocumentHow, DocumentNote } from '../operations/documents.ts';
import { GONE_CODE, INTERNAL_ERROR } from '../operations/errors.ts';
import type { PreparedOperation } from '../operations/operation.ts';
import { Given, type GivenListener, type How } from '../snapshots/given.ts';
import type { Span } from '../upstream/span.ts';
import { isEmpty } from './result.ts';
import type { BroughtTrace } from './trace-context.ts';

export const TRANSPORTS = ['post', 'get', 'sse', 'websocket'] as const;

export type Transport = (typeof TRANSPORTS)[number];

/**
 * - `ok`: without errors.
 * - `partial`, `failed`: with errors, and with something or nothing that was asked for.
 * - `refused`: nothing was run.
 * - `cancelled`: the caller has gone.
 */
export const OPERATION_OUTCOMES = ['ok', 'partial', 'failed', 'refused', 'cancelled'] as const;

export type OperationOutcome = (typeof OPERATION_OUTCOMES)[number];

/** What is wrong in an event of a stream. */
export interface EventProblem {
  readonly code: string;
  /** Which provider it is about; undefined where it is about none. */
  readonly provider?: string | undefined;
}

/** Hears of operations. What may be undefined costs nothing where it is. */
export interface OperationListener {
  /** Told when it is over, or soon after. */
  answered?: ((operation: OperationRecord) => void) | undefined;
  /** Told of each event of a subscription in which something is wrong. */
  eventFailed?: ((operation: OperationRecord, problems: readonly EventProblem[]) => void) | undefined;
  /** Told of each ref that is answered after its operation has ended, as those of streams are; of others the operation tells. */
  givenLater?: ((given: Given, viewer: Viewer) => void) | undefined;
  /** Told of each limit that an operation, or a part of it, is beyond. */
  limited?: ((limit: Limit) => void) | undefined;
  /** Asked when one begins for its span; undefined where it is not traced. */
  trace?: Trace | undefined;
}

/** Begins the span of what a request asks for, where it is traced. */
export type Trace = (name: string, brought: BroughtTrace | undefined, startedAt: number) => Span | undefined;

/** What it is called until it is known whether it is a query or what else. */
const UNKNOWN_OPERATION = 'GraphQL Operation';

export class OperationRecord implements GivenListener, DocumentNote {
  transport: Transport;
  /** What its request is called. */
  readonly requestId: string;
  /** It names the caller: it goes into no log and no metric as it is. */
  readonly viewer: Viewer;
  /** On the clock that never goes back, in milliseconds. */
  readonly startedAt = performance.now();
  readonly span: Span | undefined;
  endedAt = Number.NaN;
  outcome: OperationOutcome = 'failed';
  /** The code of each of its errors. */
  codes: readonly string[] = NONE;
  /** Which provider each of its errors is about, in the same order; undefined where it is about none. */
  providers: readonly (string | undefined)[] = NONE;
  /** How its document was found; undefined where none was looked for. */
  documentHow: DocumentHow | undefined;
  /** How its refs were answered until it ended, by provider and way. */
  readonly refs: Given[] = [];
  /** How many reads were begun for it. */
  calls = 0;
  readonly #brought: BroughtTrace | undefined;
  readonly #listener: OperationListener;
  #operation: PreparedOperation | undefined;
  #isOver = false;

  /** @param brought The trace of others that it belongs to. */
  constructor(
    transport: Transport,
    viewer: Viewer,
    requestId: string,
    listener: OperationListener,
    brought?: BroughtTrace,
  ) {
    this.transport = transport;
    this.requestId = requestId;
    this.viewer = viewer;
    this.#brought = brought;
    this.#listener = listener;
    this.span = listener.trace?.(UNKNOWN_OPERATION, brought, this.startedAt);
  }

  /** The trace that it is part of, also where that is not ours to write; undefined where there is none. */
  get traceId(): string | undefined {
    if (this.span !== undefined) return this.span.traceId;
    return this.#brought?.isTrusted ? this.#brought.parent?.traceId : undefined;
  }

  /** Undefined where there is none that could be run. */
  get operation(): PreparedOperation | undefined {
    return this.#operation;
  }

  /** What is asked for is known. */
  prepared(operation: PreparedOperation): void {
    this.#operation = operation;
  }

  given(provider: ProviderName, how: How, ageMs: number, isFinal = false): void {
    const { givenLater } = this.#listener;
    const given = this.#isOver ? new Given(provider, how) : this.#refsOf(provider, how);
    // Where nobody counts ages, none is kept.
    given.add(givenLater === undefined ? Number.NaN : ageMs, isFinal);
    if (this.#isOver) givenLater?.(given, this.viewer);
  }

  #refsOf(provider: ProviderName, how: How): Given {
    for (const given of this.refs) if (given.how === how && given.provider === provider) return given;
    const given = new Given(provider, how);
    this.refs.push(given);
    return given;
  }

  readBegun(): void {
    this.calls += 1;
  }

  /** It is answered with this. What is told of it afterwards is told no more. */
  end({ data, errors }: Answer): void {
    if (errors === undefined) this.#end('ok', NONE);
    else {
      const codes = errors.map(({ extensions: { code } }) => code);
      const providers = errors.map(({ extensions: { provider } }) => provider);
      if (codes.includes(GONE_CODE)) this.#end('cancelled', codes, providers);
      else if (data === undefined) this.#end('refused', codes, providers);
      else this.#end(isEmpty(data) ? 'failed' : 'partial', codes, providers);
    }
  }

  /** Nothing is run, for this reason (an error code). */
  refuse(code: string): void {
    this.#end('refused', [code]);
  }

  /** A fault of the gateway's own. */
  fail(): void {
    this.#end('failed', [INTERNAL_ERROR.extensions.code]);
  }

  #end(outcome: OperationOutcome, codes: readonly string[], providers: OperationRecord['providers'] = NONE): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.endedAt = performance.now();
    this.outcome = outcome;
    this.codes = codes;
    this.providers = providers;
    this.#listener.answered?.(this);
  }
}

const NONE: readonly string[] = [];
