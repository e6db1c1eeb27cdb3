// Figures of a gateway that is well, for tests to change one thing of.

import type { AccountReport, Figures } from '../../../src/telemetry/status/report.ts';

export const AT = Date.UTC(2026, 10, 27, 3, 0, 0);

const NO_CALLS = { answered: 0, failed: 0, timedOut: 0, throttled: 0, rejected: 0 };

export function accountWith(changes: Partial<AccountReport> = {}): AccountReport {
  return {
    key: 'a1',
    provider: 'PARTOO',
    name: 'Partoo',
    windows: [{ limit: 270, used: 60, windowMs: 60_000 }],
    takers: [
      { viewer: 'viewer-one-', calls: 30 },
      { viewer: null, calls: 20 },
      { viewer: 'viewer-two-', calls: 10 },
    ],
    others: { takers: 0, calls: 0 },
    inLine: 0,
    closedMs: 0,
    isAlone: false,
    circuit: 'CLOSED',
    isCounted: true,
    circuitChanges: [],
    openSince: null,
    lastMinute: { ...NO_CALLS, answered: 60 },
    lastHour: { ...NO_CALLS, answered: 3_000 },
    refused: { lastMinute: 0, lastHour: 0 },
    callMs: { median: 120, p99: 300 },
    ages: { answers: 500, meanMs: 4_000, p99Ms: 11_000, stale: 0 },
    bestMs: 3_000,
    wanted: 27,
    due: 1,
    oldestMs: 900,
    lateMs: 0,
    fullInMs: null,
    reads: { made: 400, changed: 20, expected: 22 },
    ...changes,
  };
}

export function figuresWith(changes: Partial<Figures> = {}): Figures {
  return {
    at: AT,
    accounts: [accountWith()],
    accountsBeyond: 0,
    together: [],
    operations: { lastMinute: 200, slowest: [] },
    streams: { open: 3, most: 2_000, events: 12 },
    notifications: { accepted: 4, forged: 0, busy: 0, ignored: 0 },
    redis: null,
    keys: null,
    problems: [],
    faults: 0,
    problemsByCode: [],
    process: {
      version: '0.1.0',
      node: 'v26.10.0',
      uptimeMs: 3_600_000,
      isDraining: false,
      loopDelayMs: { p99: 2, max: 9 },
      lateMs: 2,
      heapBytes: 60_000_000,
      heapLimitBytes: 2_000_000_000,
      rssBytes: 130_000_000,
    },
    ...changes,
  };
}
