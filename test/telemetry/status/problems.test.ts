import { expect, test } from 'vitest';
import { POINTS } from '../../../src/telemetry/status/hour.ts';
import { Problems } from '../../../src/telemetry/status/problems.ts';

test('problems that are alike and come soon after each other are told as one, the newest first', () => {
  const problems = new Problems();
  problems.add('PROVIDER_TIMEOUT', 'PARTOO', 1_000);
  problems.add('UNAUTHENTICATED', null, 2_000);
  problems.add('PROVIDER_TIMEOUT', 'PARTOO', 3_000);
  problems.add('PROVIDER_TIMEOUT', 'CRONOFY', 4_000);
  problems.add('PROVIDER_TIMEOUT', 'PARTOO', 12_000);
  expect(problems.last).toEqual([
    { at: 12_000, code: 'PROVIDER_TIMEOUT', provider: 'PARTOO', count: 1 },
    { at: 4_000, code: 'PROVIDER_TIMEOUT', provider: 'CRONOFY', count: 1 },
    { at: 2_000, code: 'UNAUTHENTICATED', provider: null, count: 1 },
    { at: 3_000, code: 'PROVIDER_TIMEOUT', provider: 'PARTOO', count: 2 },
  ]);
  expect(problems.byCode).toContainEqual({ code: 'PROVIDER_TIMEOUT', provider: 'PARTOO', count: 3 });
});

test('how often a code was met of late does not depend on how many problems are kept', () => {
  const problems = new Problems();
  problems.add('INTERNAL_SERVER_ERROR', null, 0);
  problems.add('INTERNAL_SERVER_ERROR', 'PARTOO', 0);
  for (let n = 0; n < 80; n++) problems.add('PROVIDER_TIMEOUT', 'PARTOO', n * 20_000);
  for (let n = 0; n < 59; n++) problems.sample();
  expect(problems.last.some(({ code }) => code === 'INTERNAL_SERVER_ERROR')).toBe(false);
  expect(problems.lately('INTERNAL_SERVER_ERROR', 60)).toBe(2);
  problems.sample();
  expect(problems.lately('INTERNAL_SERVER_ERROR', 60)).toBe(0);
});

test('fifty are kept, and codes are counted for an hour', () => {
  const problems = new Problems();
  for (let n = 0; n < 80; n++) problems.add('PROVIDER_TIMEOUT', 'PARTOO', n * 20_000);
  expect(problems.last).toHaveLength(50);
  expect(problems.last[0]?.at).toBe(79 * 20_000);
  for (let n = 0; n < POINTS - 1; n++) problems.sample();
  expect(problems.byCode).toEqual([{ code: 'PROVIDER_TIMEOUT', provider: 'PARTOO', count: 80 }]);
  problems.sample();
  expect(problems.byCode).toEqual([]);
});
