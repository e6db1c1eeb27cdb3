// What a stream does for a viewer of some: what is not granted is watched and looked up nowhere, is over as soon as what is known
// not to exist, and costs the same; of a part there is no event that shows nothing new in it.

import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createRate } from '../../src/access/caller-rate.ts';
import { grantsOf } from '../../src/access/grants.ts';
import { openViewer } from '../../src/access/viewer.ts';
import { CallerRateLimited } from '../../src/invitation/problem.ts';
import type { Ref, RefTo } from '../../src/invitation/ref.ts';
import type { SmartInvite } from '../../src/invitation/smart-invite.ts';
import { createChanges } from '../../src/live/changes.ts';
import { createStreamPlaces } from '../../src/live/stream-places.ts';
import { createStreams } from '../../src/live/streams.ts';
import { createWatcher } from '../../src/live/watcher.ts';
import type { SnapshotOptions } from '../../src/snapshots/snapshots.ts';
import { smartInviteRef } from '../refs.ts';
import {
  createFakeSource,
  inviteTo,
  now,
  pass,
  refTo,
  review,
  seenElsewhere,
  snapshotsOf,
  useClock,
} from '../snapshots/source.ts';

const HOUR = 3_600_000;

beforeEach(() => {
  useClock();
  onTestFinished(() => void vi.useRealTimers());
});

function start(rate = createRate(1e9, 1_000), shared?: SnapshotOptions['shared']) {
  const source = createFakeSource();
  source.answer = (ref) => {
    if (ref.type === 'SmartInvite') return inviteTo(ref, 'pending');
    return ref.parts.invitationId.startsWith('none') ? null : review(ref, 'SENT');
  };
  const changes = createChanges();
  const { snapshots, ask } = snapshotsOf(source, { onChange: changes.publish, ...(shared && { shared }) });
  const watcher = createWatcher({ snapshots, changes, addresses: { isNotified: () => false, onSilent: () => {} } });
  onTestFinished(() => watcher.stop());
  /** Every ref, or key of one, that the stream looks up, watches or listens to. */
  const touched = new Set<string>();
  const note = (ref: Ref | string) => void touched.add(typeof ref === 'string' ? ref : ref.key);
  const streams = createStreams({
    snapshots: {
      answer(ref, ...wish) {
        note(ref);
        return snapshots.answer(ref, ...wish);
      },
      read(ref, wish) {
        note(ref);
        return snapshots.read(ref, wish);
      },
      peek(ref) {
        note(ref);
        return snapshots.peek(ref);
      },
    },
    changes: {
      ...changes,
      subscribe(key, listener) {
        note(key);
        changes.subscribe(key, listener);
      },
    },
    watcher: {
      ...watcher,
      watch(ref) {
        note(ref);
        return watcher.watch(ref);
      },
    },
    places: createStreamPlaces({ maxStreams: 10, maxStreamsPerCaller: 2 }),
    rate,
    lifetimeMs: [HOUR, HOUR],
  });
  return { source, snapshots, ask, streams, touched };
}

const viewerOf = (claim: unknown) => ({ ...openViewer('192.0.2.1'), grants: grantsOf(claim, () => undefined) });

/** What is given from now on: a word each, and `completed`. */
function follow(stream: AsyncIterableIterator<unknown, undefined>, wordOf: (event: never) => unknown): unknown[] {
  const given: unknown[] = [];
  void (async () => {
    for await (const event of stream) given.push(wordOf(event as never));
    given.push('completed');
  })();
  return given;
}

describe('what is not granted', () => {
  const claim = { review: ['granted', 'none'] };
  const idOf = ({ invitationId }: { invitationId: string }) => invitationId;

  test('is looked up, watched and listened to nowhere', async () => {
    const { streams, touched, ask, source } = start();
    const secret = [refTo('secret'), refTo('none-such'), smartInviteRef('US', 'board', null)];
    await ask(refTo('secret'));
    source.reads.length = 0;
    const given = follow(streams.open([...secret, refTo('granted')], true, viewerOf(claim)), idOf);
    await pass(10_000);
    expect(given).toEqual(['granted']);
    expect([...touched]).toEqual([refTo('granted').key]);
    expect(new Set(source.reads.map(({ ref }) => ref.key))).toEqual(touched);
  });

  test('completes a stream in the turn in which what is known not to exist does', async () => {
    const { streams, ask } = start();
    await ask(refTo('none'));
    for (const ids of [
      ['none', 'secret'],
      ['secret', 'none'],
    ]) {
      const order: string[] = [];
      for (const id of ids) {
        const stream = streams.open([refTo(id)], false, viewerOf(claim));
        void stream.next().then(({ done }) => order.push(`${id} ${done}`));
      }
      await pass(0);
      expect(order).toEqual(ids.map((id) => `${id} true`));
    }
  });

  test.each(['none', 'secret'])('costs two, as what does not exist does: %s', async (id) => {
    const rate = createRate(10, HOUR);
    const { streams, ask } = start(rate);
    await ask(refTo('none'));
    follow(streams.open([refTo(id), refTo(id)], false, viewerOf(claim)), idOf);
    await pass(0);
    expect(rate.take('192.0.2.1', 9)).toBeGreaterThan(0);
    expect(rate.take('192.0.2.1', 8)).toBe(0);
  });

  test('costs two where it was there when it was read last, so long ago that it has to be read anew', async () => {
    const rate = createRate(10, HOUR);
    const { streams, ask, source } = start(rate);
    await ask(refTo('gone'));
    await pass(HOUR / 2);
    source.answer = () => null;
    follow(streams.open([refTo('gone')], false, viewerOf('*')), idOf);
    await pass(1_000);
    expect(rate.take('192.0.2.1', 9)).toBeGreaterThan(0);
    expect(rate.take('192.0.2.1', 8)).toBe(0);
  });

  test('where it does not fit, the stream is refused, and nothing is spent, watched or counted as open', async () => {
    const rate = createRate(3, HOUR);
    const { streams, touched, ask } = start(rate);
    await ask(refTo('granted'));
    rate.take('192.0.2.1', 2);
    for (let n = 0; n < 5; n++) {
      const open = () => streams.open([refTo('granted'), refTo('secret'), refTo('none')], false, viewerOf(claim));
      expect(open).toThrow(CallerRateLimited);
    }
    expect([...touched]).toEqual([refTo('granted').key, refTo('none').key]);
    // What is kept costs nothing, and two streams may be open.
    const streamsOfKept = [1, 2].map(() => follow(streams.open([refTo('granted')], false, viewerOf(claim)), idOf));
    await pass(0);
    expect(streamsOfKept).toEqual([['granted'], ['granted']]);
    expect(rate.take('192.0.2.1', 1)).toBe(0);
  });
});

describe('of one recipient a stream gives', () => {
  const own = smartInviteRef('US', 'board', 'ann@example.com');
  const claim = { smart: [{ id: 'board', recipient: 'ANN@example.com' }] };
  const wordOf = ({ recipients, isFinal }: SmartInvite & { isFinal: boolean }) =>
    `${recipients.map(({ email, status }) => `${email} ${status}`).join()}${isFinal ? ' final' : ''}`;

  function inviteWith(
    ann: 'PENDING' | 'ACCEPTED',
    bob: 'PENDING' | 'ACCEPTED',
    endsAt?: string,
    ref: RefTo<'SmartInvite'> = own,
  ): SmartInvite {
    const invite = inviteTo(ref, 'said', endsAt === undefined ? {} : { endsAt });
    const [one] = invite.recipients;
    if (one === undefined) throw new TypeError('there is nobody');
    return {
      ...invite,
      recipients: [
        { ...one, status: ann },
        { ...one, email: 'bob@example.com', status: bob },
      ],
    };
  }

  test('no event when another has replied, and one when that recipient has', async () => {
    const { source, snapshots, streams } = start();
    source.answer = () => inviteWith('PENDING', 'PENDING');
    const given = follow(streams.open([own], true, viewerOf(claim)), wordOf);
    const all = follow(streams.open([own], true, viewerOf('*')), wordOf);
    await pass(0);
    await pass(1);
    snapshots.adopt(seenElsewhere(own, inviteWith('PENDING', 'ACCEPTED')));
    await pass(1);
    snapshots.adopt(seenElsewhere(own, inviteWith('ACCEPTED', 'ACCEPTED')));
    await pass(1);
    expect(given).toEqual(['ann@example.com PENDING', 'ann@example.com ACCEPTED']);
    expect(all).toHaveLength(3);
  });

  test('none of a notification that is about another, nor when a read confirms it', async () => {
    const { source, snapshots, streams } = start();
    source.answer = () => inviteWith('PENDING', 'PENDING');
    const given = follow(streams.open([own], false, viewerOf(claim)), wordOf);
    const all = follow(streams.open([own], false, viewerOf('*')), wordOf);
    await pass(1);
    snapshots.overlay(own, () => inviteWith('PENDING', 'ACCEPTED'), now());
    await pass(1);
    snapshots.adopt(seenElsewhere(own, inviteWith('PENDING', 'ACCEPTED')));
    await pass(1);
    expect(given).toEqual(['ann@example.com PENDING']);
    expect(all).toHaveLength(3);
  });

  test('the last event when the invite is final, whoever has replied before', async () => {
    const { source, snapshots, streams } = start();
    source.answer = () => inviteWith('PENDING', 'PENDING');
    const given = follow(streams.open([own], false, viewerOf(claim)), wordOf);
    await pass(1);
    snapshots.adopt(seenElsewhere(own, inviteWith('PENDING', 'ACCEPTED', '2000-01-01T00:00:00Z')));
    await pass(1);
    expect(given).toEqual(['ann@example.com PENDING', 'ann@example.com PENDING final', 'completed']);
  });

  test('none where the recipient is not in what another process has shared, and completes', async () => {
    // No decoded answer is like this.
    const find = async () => seenElsewhere(own, inviteTo(smartInviteRef('US', 'board', null), 'pending'));
    const shared = { find, claim: async () => true, share: () => {}, hear: () => {} };
    const { streams, source } = start(undefined, shared);
    const given = follow(streams.open([own], false, viewerOf(claim)), wordOf);
    await pass(1);
    expect(given).toEqual(['completed']);
    expect(source.reads).toEqual([]);
  });
});
