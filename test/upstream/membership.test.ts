// How a process stands with the others that share a quota, on a clock and with a Redis that the test sets.

import { beforeEach, expect, test, vi } from 'vitest';
import { CallLog } from '../../src/upstream/call-log.ts';
import { Membership } from '../../src/upstream/membership.ts';
import { OwnShare } from '../../src/upstream/own-share.ts';

let at: number;
let own: OwnShare;
let answers: boolean;
let isUp: boolean;
const exchange = vi.fn(async () => answers);
const onJoined = vi.fn();
let membership: Membership;

beforeEach(() => {
  at = 0;
  answers = true;
  isUp = true;
  vi.clearAllMocks();
  own = new OwnShare(new CallLog([{ limit: 10, windowMs: 60_000 }]), () => 0.5, at);
  membership = new Membership({ own, now: () => at, isUp: () => isUp, exchange, onJoined });
});

test('a process is alone until Redis has answered, and together with the others at once where it has made no call', async () => {
  expect(membership.standing).toBe('alone');
  await membership.join();
  expect(membership.standing).toBe('together');
  expect(onJoined).toHaveBeenCalledOnce();
});

test('one that has made calls alone before settles for three seconds', async () => {
  own.record(at, 1);
  await membership.join();
  at = 2_999;
  expect([membership.standing, membership.isAlone]).toEqual(['settling', false]);
  at = 3_000;
  expect(membership.standing).toBe('together');
});

test('one that has lost Redis is alone, and settles when it is back, though it has made no call', async () => {
  await membership.join();
  membership.lose();
  expect(membership.standing).toBe('alone');
  await membership.join();
  expect(membership.standing).toBe('settling');
});

test('one that has started while Redis failed settles when it is back: others have made calls without it', async () => {
  isUp = false;
  await membership.join();
  isUp = true;
  await membership.recover();
  expect([membership.standing, membership.isAlone]).toEqual(['settling', false]);
});

test.each(['settling', 'together'])('one that is %s is alone where Redis does not answer', async (standing) => {
  await membership.join();
  membership.lose();
  await membership.join();
  at = standing === 'settling' ? 1_000 : 3_000;
  expect(membership.standing).toBe(standing);
  answers = false;
  await membership.sync();
  expect(membership.standing).toBe('alone');
});

test('one that is alone and does not reach Redis keeps the count of its calls', async () => {
  await membership.join();
  membership.lose();
  own.record(at, 1);
  answers = false;
  await membership.join();
  membership.lose();
  expect([membership.standing, own.isUsed()]).toEqual(['alone', true]);
});

test('what is counted while it settles is forgotten when Redis is lost: the others know of it', async () => {
  await membership.join();
  membership.lose();
  await membership.join();
  own.record(at, 1);
  membership.lose();
  expect(own.isUsed()).toBe(false);
});

test('all who join at once wait for one exchange, and nobody asks a Redis that is down, or where it is not alone', async () => {
  isUp = false;
  expect(membership.join()).toBeUndefined();
  isUp = true;
  await Promise.all([membership.join(), membership.join()]);
  expect(exchange).toHaveBeenCalledOnce();
  expect(membership.join()).toBeUndefined();
  await membership.sync();
  expect(exchange).toHaveBeenCalledTimes(2);
  expect(onJoined).toHaveBeenCalledOnce();
});
