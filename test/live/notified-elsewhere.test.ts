// What a notification to another process brings to this one, on a clock that the test sets.

import { afterEach, expect, test, vi } from 'vitest';
import type { SharedNotifications } from '../../src/live/redis-notifications.ts';
import { pass, refTo, review, seenElsewhere } from '../snapshots/source.ts';
import { startKnowingOne } from './notifying.ts';

afterEach(() => vi.useRealTimers());

/** Two invitations are known, of which `one` is watched; `hear` is how another process tells what it was notified of. */
async function startHearing() {
  const heard = Promise.withResolvers<Parameters<SharedNotifications['listen']>[0]>();
  const shared: SharedNotifications = {
    share: vi.fn(),
    async listen(hear) {
      heard.resolve(hear);
      return () => {};
    },
  };
  const started = await startKnowingOne({ watched: [refTo('one')], shared });
  await started.ask(refTo('two'));
  await started.notifications.listen();
  const hear = await heard.promise;
  return {
    ...started,
    shared,
    hear: (text: string, provider = 'CRONOFY') => hear(provider, Buffer.from(text), performance.now()),
  };
}

test('a notification to another process shows in the streams here, and that process alone reads the invitation', async () => {
  const { snapshots, source, shown, ask, shared, hear } = await startHearing();
  for (const text of ['one first', 'two second', 'nothing that concerns us']) hear(text);
  hear('one third', 'NOBODY');
  await pass(500);
  expect(shown).toEqual(['SENT', 'SENT', 'first']);
  expect(await ask()).toBe('first 500 stale');
  snapshots.adopt(seenElsewhere(refTo('one'), review(refTo('one'), 'CREATED')));
  await pass(5_000);
  expect(await ask()).toBe('CREATED 5000');
  expect(source.reads).toHaveLength(2);
  expect(shared.share).not.toHaveBeenCalled();
});

test('this process reads a watched invitation once where the notified process has shared nothing within a second', async () => {
  const { source, hear } = await startHearing();
  for (let n = 0; n < 100; n++) hear('one first');
  await pass(900);
  expect(source.reads).toHaveLength(2);
  await pass(5_000);
  expect(source.reads.slice(2).map(({ ref }) => ref)).toEqual([refTo('one')]);
});

test('a notification to another process makes an unwatched invitation old here too', async () => {
  const { source, ask, hear } = await startHearing();
  source.answer = (ref) => review(ref, 'CREATED');
  hear('two second');
  expect(await ask(refTo('two'))).toBe('CREATED 0');
});
