// A flood of forged tokens takes no memory, and pushes out no good one.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { startAdmission } from './admitting.ts';
import { AUDIENCE, forge, sign } from './tokens.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a hundred thousand tokens of rubbish leave memory as it was, and a good one known', async () => {
  const { show } = startAdmission();
  const header = [`Bearer ${sign()}`];
  await show(header);
  const forged = (n: number) => {
    // Large ones: what is kept of them is seen.
    const claims = { sub: 'a', aud: AUDIENCE, exp: Math.floor(Date.now() / 1_000) + 600, invitations: '*' };
    const payload = { ...claims, n, pad: 'x'.repeat(3_000) };
    return [`Bearer ${forge({ alg: 'HS256' }, payload, 'another secret')}`];
  };
  const flood = async (from: number, count: number) => {
    for (let n = from; n < from + count; n += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, m) => show(forged(n + m))));
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await flood(0, 10_000);
  const after = await flood(10_000, 90_000);
  expect(after - before).toBeLessThan(30 * 1024 * 1024);
  expect(show(header)).not.toBeInstanceOf(Promise);
}, 120_000);
