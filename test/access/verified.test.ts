// A token costs its verification once, and a forged one no more than a look.

import { jwtVerify } from 'jose';
import { beforeEach, expect, test, vi } from 'vitest';
import { createRate } from '../../src/access/caller-rate.ts';
import { startAdmission, wordOf } from './admitting.ts';
import { sign } from './tokens.ts';

vi.mock('jose', { spy: true });
const verified = vi.mocked(jwtVerify);
beforeEach(() => void verified.mockClear());

test('a thousand requests at once with one new token verify it once', async () => {
  const { show } = startAdmission();
  const header = [`Bearer ${await sign()}`];
  const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => show(header)));
  expect(new Set(outcomes.map(wordOf))).toEqual(new Set(['admitted']));
  expect(verified).toHaveBeenCalledOnce();
  // At once from then on.
  expect(show(header)).not.toBeInstanceOf(Promise);
  expect(show(header)).toBe(outcomes[0]);
});

test('a token that is known expires, and is verified anew once everything was forgotten', async () => {
  let at = Date.now();
  const { show, admission } = startAdmission({ now: () => at });
  const header = [`Bearer ${await sign({}, { expiresInSeconds: 60 })}`];
  expect(wordOf(await show(header))).toBe('admitted');
  admission.forget();
  expect(wordOf(await show(header))).toBe('admitted');
  expect(verified).toHaveBeenCalledTimes(2);
  at += 85_000;
  expect(wordOf(await show(header))).toBe('admitted');
  at += 6_000;
  expect(wordOf(await show(header))).toBe('expired');
  expect(verified).toHaveBeenCalledTimes(2);
});

test('what is verified while everything is forgotten is not remembered', async () => {
  const { show, admission } = startAdmission();
  const header = [`Bearer ${await sign()}`];
  const begun = show(header);
  admission.forget();
  await begun;
  await show(header);
  expect(verified).toHaveBeenCalledTimes(2);
});

test('what is wrong at first sight is not verified', async () => {
  const { admit } = startAdmission();
  for (const claims of [{ aud: 'else' }, { exp: 1 }, { exp: undefined }, { sub: '' }]) await admit(await sign(claims));
  await admit('a.b.c');
  expect(verified).not.toHaveBeenCalled();
});

test('an address that sends too many is told to wait, and a good token of it still passes', async () => {
  const { show, admit } = startAdmission({ failures: createRate(3, 60_000) });
  for (let n = 0; n < 3; n++) expect(await admit('rubbish', '192.0.2.7')).toBe('invalid');
  const refused = await show(['Bearer rubbish'], '192.0.2.7');
  expect('reason' in refused && [refused.reason, refused.problem.retryAfterSeconds]).toEqual(['limited', 20]);
  expect(await admit(await sign(), '192.0.2.7')).toBe('admitted');
  expect(await admit('rubbish', '192.0.2.8')).toBe('invalid');
  // What has expired is no attempt.
  for (let n = 0; n < 5; n++) expect(await admit(await sign({ exp: 1 }), '192.0.2.7')).toBe('expired');
});
