// What the operators' page shows: it hears of what the rooms do, counts that in fixed room, looks the rest up, and makes the
// report of it. It begins to count when the process begins.

import { setImmediate as breathe } from 'node:timers/promises';
import type { Viewer } from '../../access/viewer.ts';
import type { ProviderName } from '../../invitation/provider.ts';
import { RECEIPTS, type Receipt } from '../../live/notifications.ts';
import type { OperationRecord } from '../../server/operation-record.ts';
import type { Given } from '../../snapshots/given.ts';
import type { CallRecord } from '../../upstream/call-record.ts';
import type { GatewayState, KeysState } from '../gateway-state.ts';
import type { TelemetryListener } from '../telemetry.ts';
import type { AccountMeter } from './account-meter.ts';
import { accountSources } from './account-source.ts';
import { Accounts } from './accounts.ts';
import { findingsOf } from './findings/findings.ts';
import { Hour, POINT_MS } from './hour.ts';
import { Problems } from './problems.ts';
import { ProcessMeter } from './process-meter.ts';
import { RedisMeter } from './redis-meter.ts';
import type { Circuit, Figures, KeysReport, StatusReport } from './report.ts';
import { SlowestOperations } from './slowest.ts';

/** What is looked up in the running gateway. */
export interface StatusSources extends Pick<GatewayState, 'tenants' | 'streams' | 'keys' | 'settle'> {
  isDraining(): boolean;
}

export interface StatusOptions {
  readonly version: string;
  readonly maxStreams: number;
  readonly hasRedis: boolean;
}

/** The code that callers who are not admitted get, by why. */
const REFUSED = {
  missing: 'UNAUTHENTICATED',
  expired: 'UNAUTHENTICATED',
  invalid: 'UNAUTHENTICATED',
  forbidden: 'FORBIDDEN',
  unavailable: 'AUTH_UNAVAILABLE',
  limited: 'RATE_LIMITED',
} as const;

const OWN_FAULT = 'INTERNAL_SERVER_ERROR';
/** In points. */
const TEN_MINUTES = 60;

export class Status {
  readonly #options: StatusOptions;
  readonly #accounts: Accounts;
  readonly #problems = new Problems();
  readonly #operations = new SlowestOperations();
  readonly #process: ProcessMeter;
  readonly #redis: RedisMeter | undefined;
  readonly #notifications = new Hour(RECEIPTS);
  #notified = noReceipts();
  #sources: StatusSources = NOTHING_YET;
  /** By tenant and provider, as of the last point. */
  readonly #meters = new Map<string | null, AccountMeters>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StatusOptions) {
    this.#options = options;
    this.#accounts = new Accounts(() => accountSources(this.#sources.tenants()));
    this.#process = new ProcessMeter(options.version);
    this.#redis = options.hasRedis ? new RedisMeter() : undefined;
  }

  /** Hears of everything that is counted. */
  readonly listener: TelemetryListener = {
    called: (call: CallRecord, tenant) => this.#meterOf(tenant, call.provider)?.called(call),
    givenLater: (given, viewer) => this.#given(given, viewer),
    circuitChanged: (tenant, provider, circuit: Circuit, place) =>
      this.#meterOf(tenant, provider)?.circuitChanged({ at: Date.now(), circuit, place: place ?? null }, tenant),
    answered: (operation) => this.#answered(operation),
    eventFailed: (_, problems) => {
      const at = Date.now();
      for (const { code, provider } of problems) this.#problems.add(code, providerOf(provider), at);
    },
    refused: (reason) => this.#problems.add(REFUSED[reason], null, Date.now()),
    event: () => {
      this.#process.events += 1;
    },
    notified: (_, receipt) => {
      this.#notified[receipt] += 1;
    },
    redisChanged: (reason) => this.#redis?.changed(reason),
    commanded: (outcome, durationMs) => this.#redis?.commanded(outcome, durationMs),
  };

  /** Takes a point each ten seconds from now on. */
  start(sources: StatusSources): void {
    this.#sources = sources;
    this.#timer = setInterval(() => void this.#sample(), POINT_MS).unref();
  }

  async report(withHour: boolean): Promise<StatusReport> {
    this.#sources.settle();
    const { accounts, beyond, together } = await this.#accounts.report(withHour);
    await breathe();
    const { isDraining, streams, keys } = this.#sources;
    const { sse, websocket } = streams();
    const figures: Figures = {
      at: Date.now(),
      accounts,
      accountsBeyond: beyond,
      together,
      operations: { lastMinute: this.#process.operationsLastMinute, slowest: this.#operations.report },
      streams: { open: sse + websocket, most: this.#options.maxStreams, events: this.#process.eventsLastMinute },
      notifications: this.#notificationsOfHour(),
      redis: this.#redis?.report ?? null,
      keys: keysReport(keys()),
      problems: this.#problems.last,
      faults: this.#problems.lately(OWN_FAULT, TEN_MINUTES),
      problemsByCode: this.#problems.byCode,
      process: this.#process.report(isDraining()),
      ...(withHour ? { hour: this.#process.hour } : {}),
    };
    return { ...figures, findings: findingsOf(figures) };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#process.stop();
  }

  #given(given: Given, { tenant }: Viewer): void {
    this.#meterOf(tenant?.name ?? null, given.provider)?.given(given);
  }

  #answered({ operation, startedAt, endedAt, codes, providers, refs, viewer }: OperationRecord): void {
    this.#process.operations += 1;
    for (const each of refs) this.#given(each, viewer);
    if (operation !== undefined && operation.type !== 'subscription') {
      this.#operations.add(operation, endedAt - startedAt);
    }
    if (codes.length === 0) return;
    const at = Date.now();
    for (const [n, code] of codes.entries()) this.#problems.add(code, providerOf(providers[n]), at);
  }

  async #sample(): Promise<void> {
    this.#sources.settle();
    this.#problems.sample();
    this.#operations.sample();
    this.#process.sample();
    this.#redis?.sample();
    this.#notifications.add(this.#notified);
    this.#notified = noReceipts();
    await this.#accounts.sample(performance.now());
    // Tenants and meters may have changed.
    this.#meters.clear();
  }

  #meterOf(tenant: string | null, provider: ProviderName): AccountMeter | undefined {
    return (this.#meters.get(tenant) ?? this.#findMeters(tenant))[provider];
  }

  #findMeters(tenant: string | null): AccountMeters {
    const meters: AccountMeters = {};
    const accounts =
      this.#sources
        .tenants()
        .find(({ name }) => name === tenant)
        ?.accounts() ?? [];
    for (const { id, provider } of accounts) meters[provider] = this.#accounts.meterOf(id, provider);
    this.#meters.set(tenant, meters);
    return meters;
  }

  #notificationsOfHour(): Record<string, number> {
    const of = (receipt: Receipt) => this.#notifications.sum(receipt) + this.#notified[receipt];
    return Object.fromEntries(RECEIPTS.map((receipt) => [receipt, of(receipt)]));
  }
}

function noReceipts(): Record<Receipt, number> {
  return { accepted: 0, ignored: 0, busy: 0, forged: 0 };
}

type AccountMeters = Partial<Record<ProviderName, AccountMeter>>;

const NOTHING_YET: StatusSources = {
  tenants: () => [],
  streams: () => ({ sse: 0, websocket: 0 }),
  keys: () => undefined,
  isDraining: () => false,
  settle: () => {},
};

function keysReport(keys: KeysState | undefined): KeysReport | null {
  if (keys === undefined) return null;
  // JSON has no Infinity.
  return { ...keys, oldestMs: Number.isFinite(keys.oldestMs) ? keys.oldestMs : null };
}

function providerOf(name: string | undefined): ProviderName | null {
  return (name as ProviderName | undefined) ?? null;
}
