// Who hears of what the rooms do: a value that the composition root makes and passes in. The rooms tell what they have noted,
// and know nobody who listens; where nobody does, nothing is noted.

import type { Refusal } from '../access/refusal.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Receipt } from '../live/notifications.ts';
import type { CommandOutcome } from '../redis/command-outcome.ts';
import type { OperationListener } from '../server/operation-record.ts';
import type { Sight } from '../snapshots/sight.ts';
import type { Circuit } from '../upstream/breaker.ts';
import type { CallRecord } from '../upstream/call-record.ts';
import type { Span } from '../upstream/span.ts';

export interface TelemetryListener extends OperationListener {
  /**
   * Told of each upstream call when it is over.
   * @param tenant Null where there is no file of tenants.
   */
  called?: ((call: CallRecord, tenant: string | null) => void) | undefined;
  /** Told of what each read has seen, also those of other processes. */
  seen?: ((sight: Sight) => void) | undefined;
  /** Told of each caller that is not admitted. */
  refused?: ((reason: Refusal['reason']) => void) | undefined;
  /** Told of each state that a stream was given, and of each that was replaced by a newer one before it was taken. */
  event?: (() => void) | undefined;
  skipped?: (() => void) | undefined;
  /** Told what became of each notification. */
  notified?: ((provider: string, receipt: Receipt) => void) | undefined;
  /** Told what became of a request with a notification that is traced. */
  received?: ((span: Span, outcome: string) => void) | undefined;
  /** Told how long after a notification the last stream that watches it was given what it has brought. */
  told?: ((afterMs: number) => void) | undefined;
  /** Told of each change of a breaker. @param place Which of an account's places, where it has several. */
  circuitChanged?:
    | ((tenant: string | null, provider: ProviderName, circuit: Circuit, place: string | undefined) => void)
    | undefined;
  /** Told why Redis cannot be used, each reason once until it can; undefined when it can. */
  redisChanged?: ((reason: string | undefined) => void) | undefined;
  /** Told of spans that the collector of traces did not take. */
  spansLost?: ((spans: number) => void) | undefined;
  /** Told of each command that Redis was sent. */
  commanded?: ((outcome: CommandOutcome, durationMs: number) => void) | undefined;
}

/** Everybody who listens, as one. A member is undefined where nobody listens to that. */
export type Telemetry = TelemetryListener;

export function telemetryOf(listeners: readonly TelemetryListener[]): Telemetry {
  return {
    answered: all(listeners.map(({ answered }) => answered)),
    eventFailed: all(listeners.map(({ eventFailed }) => eventFailed)),
    givenLater: all(listeners.map(({ givenLater }) => givenLater)),
    limited: all(listeners.map(({ limited }) => limited)),
    called: all(listeners.map(({ called }) => called)),
    seen: all(listeners.map(({ seen }) => seen)),
    refused: all(listeners.map(({ refused }) => refused)),
    event: all(listeners.map(({ event }) => event)),
    skipped: all(listeners.map(({ skipped }) => skipped)),
    notified: all(listeners.map(({ notified }) => notified)),
    told: all(listeners.map(({ told }) => told)),
    circuitChanged: all(listeners.map(({ circuitChanged }) => circuitChanged)),
    redisChanged: all(listeners.map(({ redisChanged }) => redisChanged)),
    commanded: all(listeners.map(({ commanded }) => commanded)),
    received: all(listeners.map(({ received }) => received)),
    trace: listeners.find(({ trace }) => trace !== undefined)?.trace,
  };
}

/** One function that calls each of them. */
function all<Args extends unknown[]>(
  listeners: readonly (((...args: Args) => void) | undefined)[],
): ((...args: Args) => void) | undefined {
  const functions = listeners.filter((each) => each !== undefined);
  const [first, ...others] = functions;
  // A pair each, and no loop: V8 then passes the arguments on without making a list of them.
  return others.reduce<((...args: Args) => void) | undefined>((before, each) => before && both(before, each), first);
}

function both<Args extends unknown[]>(one: (...args: Args) => void, other: (...args: Args) => void) {
  return (...args: Args): void => {
    one(...args);
    other(...args);
  };
}
