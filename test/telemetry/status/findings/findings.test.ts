// The five questions, answered from figures: each situation that an operator may be in, and what is said of it.

import { expect, test } from 'vitest';
import { findingsOf } from '../../../../src/telemetry/status/findings/findings.ts';
import type { AccountReport, Figures, Finding } from '../../../../src/telemetry/status/report.ts';
import { fullIn } from '../../../../src/telemetry/status/trend.ts';
import { AT, accountWith, figuresWith } from '../figures.ts';

function findingOf(id: Finding['id'], figures: Figures): Finding {
  const finding = findingsOf(figures).find((each) => each.id === id);
  if (finding === undefined) throw new Error(`nothing is said of ${id}`);
  return finding;
}

const ofAccount = (id: Finding['id'], changes: Partial<AccountReport>) =>
  findingOf(id, figuresWith({ accounts: [accountWith(changes)] }));

const LAST_MINUTE = accountWith().lastMinute;

test('where all is well, all five say so', () => {
  const findings = findingsOf(figuresWith());
  expect(findings.map(({ state }) => state)).toEqual(['well', 'well', 'well', 'well', 'well']);
  expect(findings.map(({ answer }) => answer)).toEqual([
    'Neither: providers answer, and this process is well.',
    '4 s on average (Partoo), and 99 of 100 are younger than 11 s.',
    'Partoo, 60 of 270 calls in 60 s: caller viewer-one- takes 50 %, 1 other caller 17 % and background reads 33 %.',
    'Nothing in the last hour.',
    'Yes: callers take 15 % of what Partoo allows. One round over 27 invitations in use takes 6 s.',
  ]);
});

const OTHERS = {
  provider: 'PARTOO',
  name: 'Partoo (30 others together)',
  lastMinute: { ...LAST_MINUTE },
  lastHour: { ...LAST_MINUTE },
  refused: { lastMinute: 0, lastHour: 0 },
  callMs: { median: 100, p99: 200 },
  ages: { answers: 9, meanMs: 70_000, p99Ms: 90_000, stale: 0 },
} as const;

test('accounts that are counted together are answered for as others are', () => {
  const uncounted = accountWith({ isCounted: false, name: 'Partoo (b)', callMs: null, ages: null });
  const well = figuresWith({ accounts: [uncounted], together: [OTHERS] });
  expect(findingOf('fault', well).details).toEqual([
    'Partoo (30 others together) answers: 60 calls in the last minute, half of them within 100 ms.',
    'This process answers in time.',
  ]);
  expect(findingOf('age', well)).toMatchObject({ state: 'watch', answer: expect.stringMatching(/^70 s on average/) });
  expect(findingOf('outlook', well).state).toBe('well');
  const bad = { ...OTHERS, lastMinute: { ...LAST_MINUTE, failed: 60 }, refused: { lastMinute: 4, lastHour: 4 } };
  const ill = figuresWith({ accounts: [uncounted], together: [bad] });
  expect(findingOf('fault', ill).answer).toMatch(/^Them: Partoo \(30 others together\) fails: 50 % of 120 calls/);
  expect(findingOf('outlook', ill).answer).toMatch(/^No: 4 calls of Partoo \(30 others together\) had to be refused/);
});

test.each<[string, Partial<AccountReport>, RegExp]>([
  [
    'is slow',
    { callMs: { median: 2_300, p99: 2_900 } },
    /^Them: Partoo is slow: half of its calls take longer than 2.3 s/,
  ],
  [
    'throttles',
    { lastMinute: { ...LAST_MINUTE, throttled: 3 }, closedMs: 8_000 },
    /^Them: Partoo throttles us: it refused 3 calls in the last minute as too many \(429\); no call is made for another 8 s/,
  ],
  [
    'fails',
    { lastMinute: { ...LAST_MINUTE, answered: 10, failed: 10 } },
    /^Them: Partoo fails: 50 % of 20 calls failed/,
  ],
  [
    'does not answer in time',
    { lastMinute: { ...LAST_MINUTE, answered: 0, timedOut: 2 } },
    /^Them: Partoo fails: 100 % of 2 calls did not answer in time/,
  ],
  [
    'is not called',
    { circuit: 'OPEN', openSince: AT - 5_000 },
    /^Them: Partoo is not called: .* breaker is open since 02:59:55 UTC/,
  ],
  [
    'refuses the credentials',
    { lastMinute: { ...LAST_MINUTE, answered: 0, rejected: 2 } },
    /^Them: Partoo refuses what we ask: 2 calls .*check key/,
  ],
])('a provider that %s is them', (_, changes, answer) => {
  const finding = ofAccount('fault', changes);
  expect(finding.answer).toMatch(answer);
  expect(['watch', 'wrong']).toContain(finding.state);
});

test("one failure among many calls is nobody's fault", () => {
  expect(ofAccount('fault', { lastMinute: { ...LAST_MINUTE, answered: 59, failed: 1 } }).state).toBe('well');
});

test.each<[string, Partial<Figures>, RegExp]>([
  [
    'Redis that cannot be used',
    { redis: { isUp: false, since: AT - 120_000, reason: 'ECONNREFUSED', commandMs: null, lost: 0 } },
    /^Us: Redis cannot be used for 2 min \(ECONNREFUSED\)/,
  ],
  [
    'a process that is too busy',
    { process: { ...figuresWith().process, lateMs: 180, loopDelayMs: { p99: 170, max: 412 } } },
    /^Us: this process is too busy: it is up to 412 ms late/,
  ],
  [
    'a process that runs out of memory',
    { process: { ...figuresWith().process, heapBytes: 1_900_000_000 } },
    /^Us: this process has used 95 % of its memory/,
  ],
  ["a fault of the gateway's own", { faults: 2 }, /^Us: the gateway failed by a fault of its own 2 times/],
])('%s is us', (_, changes, answer) => {
  const finding = findingOf('fault', figuresWith(changes));
  expect(finding).toMatchObject({ state: 'wrong', answer: expect.stringMatching(answer) });
});

test('both are told where both are in trouble', () => {
  const redis = { isUp: false, since: AT - 5_000, reason: null, commandMs: null, lost: 0 };
  const accounts = [accountWith({ callMs: { median: 2_000, p99: 2_500 } })];
  const { state, answer } = findingOf('fault', figuresWith({ redis, accounts }));
  expect(state).toBe('wrong');
  expect(answer).toMatch(/^Both\. Us: Redis cannot be used .* Them: Partoo is slow/);
});

test('where nobody asks, nothing is claimed', () => {
  const quiet = accountWith({
    windows: [{ limit: 270, used: 0, windowMs: 60_000 }],
    takers: [],
    lastMinute: { ...LAST_MINUTE, answered: 0 },
    ages: null,
    callMs: null,
  });
  const findings = findingsOf(figuresWith({ accounts: [quiet] }));
  expect(findings.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'well', 'well', 'well']);
});

test.each<[string, Partial<AccountReport>, string]>([
  ['three times as old as they could be', { ages: { answers: 9, meanMs: 31_000, p99Ms: 60_000, stale: 0 } }, 'watch'],
  [
    'as old as the quota allows',
    { ages: { answers: 9, meanMs: 31_000, p99Ms: 60_000, stale: 0 }, bestMs: 25_000 },
    'well',
  ],
  ['stale', { ages: { answers: 9, meanMs: 4_000, p99Ms: 9_000, stale: 3 } }, 'watch'],
])('answers that are %s', (_, changes, state) => {
  expect(ofAccount('age', changes).state).toBe(state);
});

test('a caller that takes much of the quota is shown', () => {
  const finding = ofAccount('spending', {
    windows: [{ limit: 270, used: 200, windowMs: 60_000 }],
    takers: [{ viewer: 'hog', calls: 190 }],
    others: { takers: 4, calls: 10 },
  });
  expect(finding).toMatchObject({
    state: 'watch',
    answer: 'Partoo, 200 of 270 calls in 60 s: caller hog takes 95 % and 4 other callers 5 %.',
  });
  expect(finding.details).toEqual([
    'Partoo has used 200 of 270 calls in 60 s: caller hog takes 95 % and 4 other callers 5 %.',
  ]);
});

test('what was refused is told with its reason, the most frequent first', () => {
  const problemsByCode = [
    { code: 'UNAUTHENTICATED', provider: null, count: 3 },
    { code: 'PROVIDER_RATE_LIMITED', provider: 'PARTOO', count: 12 } as const,
    { code: 'PERSISTED_QUERY_NOT_FOUND', provider: null, count: 99 },
  ];
  const { state, answer, details } = findingOf('refusals', figuresWith({ problemsByCode }));
  expect(state).toBe('wrong');
  expect(answer).toBe(
    '15 answers in the last hour, mostly because the quota had no call left in time, and no older answer was known.',
  );
  expect(details).toHaveLength(2);
  expect(details[1]).toMatch(/^UNAUTHENTICATED, 3 times: callers showed no token/);
});

test.each<[string, Partial<AccountReport>, string, RegExp]>([
  ['the provider throttles', { closedMs: 28_000 }, 'wrong', /^Not now: Partoo asks for no call for another 28 s/],
  ['its breaker is open', { circuit: 'OPEN' }, 'wrong', /^Not now: Partoo is not called/],
  ['calls are refused', { refused: { lastMinute: 4, lastHour: 9 } }, 'wrong', /^No: .* 4 calls had to be refused/],
  [
    'reading falls behind',
    { due: 40, oldestMs: 400_000, lateMs: 390_000 },
    'watch',
    /^Not as it is: .*the first for 7 min/,
  ],
  [
    'callers take nearly all',
    { takers: [{ viewer: 'a', calls: 250 }], windows: [{ limit: 270, used: 250, windowMs: 60_000 }] },
    'watch',
    /^Hardly: callers take 93 %/,
  ],
  ['what callers take grows', { fullInMs: 5_400_000 }, 'watch', /^Not for long: .* all of it in 90 min/],
])('it does not hold where %s', (_, changes, state, answer) => {
  expect(ofAccount('outlook', changes)).toMatchObject({ state, answer: expect.stringMatching(answer) });
});

test('reads that may wait for five minutes, and have waited little longer, have not fallen behind', () => {
  expect(ofAccount('outlook', { due: 300, oldestMs: 305_000, lateMs: 5_000 }).state).toBe('well');
});

test('while a process keeps to its own part of the quota, nothing is claimed of what callers of all processes take', () => {
  const alone = {
    isAlone: true,
    windows: [{ limit: 112, used: 10, windowMs: 60_000 }],
    takers: [
      { viewer: null, calls: 200 },
      { viewer: 'ann', calls: 60 },
    ],
  };
  expect(ofAccount('outlook', alone)).toMatchObject({ state: 'unknown', answer: expect.stringContaining('not known') });
  expect(ofAccount('spending', alone).state).toBe('unknown');
});

test('what grows is carried on, also over gaps; what is steady, or known for too short a time, is not', () => {
  const growing = Array.from({ length: 360 }, (_, n) => n / 9);
  expect(fullIn(growing)).toBeCloseTo(5_400_000, -5);
  expect(fullIn(growing.map((each, n) => (n % 3 === 0 ? Number.NaN : each)))).toBeCloseTo(5_400_000, -5);
  expect(fullIn(Array.from({ length: 360 }, (_, n) => 30 + (n % 7)))).toBeNull();
  expect(fullIn(Array.from({ length: 30 }, (_, n) => n))).toBeNull();
});

test('keys of tokens that cannot be fetched are told, with for how long the last ones have gone on', () => {
  const faultWith = (keys: Figures['keys']) => findingOf('fault', figuresWith({ keys }));
  expect(faultWith({ sets: 1, failing: 0, oldestMs: 200_000 }).state).toBe('well');
  expect(faultWith({ sets: 2, failing: 1, oldestMs: 1_200_000 })).toMatchObject({
    state: 'watch',
    answer: expect.stringMatching(
      /^Us: the keys that tokens are checked with cannot be fetched: those of 20 min ago go on/,
    ),
  });
  expect(faultWith({ sets: 1, failing: 1, oldestMs: null })).toMatchObject({
    state: 'wrong',
    answer: expect.stringContaining('they were never had'),
  });
});
