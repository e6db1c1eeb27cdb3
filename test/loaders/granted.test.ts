// What the loader does for a viewer of some: what is not granted is looked up nowhere, and takes the way of what is known not to
// exist: the same charges, and nothing sooner or later. What is charged, and when.

import { beforeEach, describe, expect, test } from 'vitest';
import { createRate, type Rate } from '../../src/access/caller-rate.ts';
import { grantsOf } from '../../src/access/grants.ts';
import { openViewer } from '../../src/access/viewer.ts';
import { CallerRateLimited } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import { createInvitationLoader } from '../../src/loaders/invitation-loader.ts';
import type { Wanted, Wish } from '../../src/loaders/wish.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { smartInviteRef } from '../refs.ts';
import { createFakeSource, type FakeSource, inviteTo, refTo, review, snapshotsOf } from '../snapshots/source.ts';

const GRANTED = { review: ['kept', 'new', 'other', 'none'], smart: [{ id: 'lunch', recipient: 'Ann@Example.com' }] };

let source: FakeSource;
let snapshots: ReturnType<typeof snapshotsOf>['snapshots'];
/** What was looked up, charged and given, in that order. */
let steps: string[];

beforeEach(async () => {
  source = createFakeSource();
  source.answer = (ref) => {
    if (ref.type === 'SmartInvite') return inviteTo(ref, 'pending');
    return ref.parts.invitationId.startsWith('none') ? null : review(ref, 'SENT');
  };
  const all = snapshotsOf(source);
  snapshots = all.snapshots;
  await Promise.all([all.ask(refTo('kept')), all.ask(refTo('none'))]);
  source.reads.length = 0;
  steps = [];
});

const countsAll = createRate(1e9, 1_000);

/** A rate that notes what is taken of it. */
function noting(rate: Rate): Rate {
  return {
    limit: rate.limit,
    take(id, count) {
      steps.push(`take ${count}`);
      return rate.take(id, count);
    },
    charge(id, count) {
      steps.push(`charge ${count}`);
      rate.charge(id, count);
    },
  };
}

function loaderFor(claim: unknown = GRANTED, rate = countsAll) {
  const viewer = { ...openViewer('192.0.2.1'), grants: grantsOf(claim, () => undefined) };
  const noted: Pick<typeof snapshots, 'answer' | 'read'> = {
    answer(ref, ...wish) {
      steps.push(`look for ${nameOf(ref)}`);
      return snapshots.answer(ref, ...wish);
    },
    read(ref, wish) {
      steps.push(`read ${nameOf(ref)}`);
      return snapshots.read(ref, wish);
    },
  };
  return createInvitationLoader(noted, { viewer, cancellation: new Cancellation() }, noting(rate));
}

const nameOf = ({ parts }: Ref) => ('invitationId' in parts ? parts.invitationId : parts.smartInviteId);

const wanted = (maxAgeMs: number | null = null, withExtras = false): Wanted => {
  return { maxAgeMs, selection: { withExtras, weigh: () => 1 } };
};

const wishFor = (ref: Ref, maxAgeMs: number | null = null, withExtras = false): Wish => {
  return { ref, ...wanted(maxAgeMs, withExtras) };
};

describe('an operation', () => {
  test('gives what is kept at once, and is charged nothing', () => {
    const found = loaderFor().load(wishFor(refTo('kept')));
    expect(found).toMatchObject({ invitationId: 'kept' });
    expect(steps).toEqual(['look for kept']);
  });

  test('is charged one before what is not kept is read', async () => {
    await loaderFor().load(wishFor(refTo('new')));
    expect(steps).toEqual(['look for new', 'take 1', 'read new']);
  });

  test('is charged one more where there is none, also where that is known', async () => {
    expect(await loaderFor().load(wishFor(refTo('none')))).toBeNull();
    expect(steps).toEqual(['look for none', 'take 1', 'read none', 'charge 1']);
    expect(source.reads).toEqual([]);
  });

  test.each([null, 0])(
    'looks nowhere for what is not granted, and is charged as for what is not there',
    async (age) => {
      const loader = loaderFor();
      const invite = smartInviteRef('US', 'lunch', null);
      const found = await loader.loadMany([refTo('secret'), refTo('none-such'), invite], wanted(age, true));
      expect(found).toEqual([null, null, null]);
      expect(steps).toEqual(['take 3', 'charge 3']);
    },
  );

  test('is charged once for a ref that several fields name, in their own ways', async () => {
    const loader = loaderFor();
    const refs = [refTo('new'), refTo('secret'), refTo('none')];
    await Promise.all([
      ...refs.map((ref) => loader.load(wishFor(ref))),
      ...refs.map((ref) => loader.load(wishFor(ref, 60_000))),
      loader.loadMany(refs, wanted()),
    ]);
    expect(steps.filter((step) => /^(take|charge)/.test(step))).toEqual(['take 3', 'charge 2']);
  });

  test('that joins the read of another caller is charged one too', async () => {
    const first = loaderFor().load(wishFor(refTo('new')));
    await Promise.all([first, loaderFor().load(wishFor(refTo('new')))]);
    expect(steps.filter((step) => step === 'take 1')).toHaveLength(2);
    expect(source.reads).toHaveLength(1);
  });

  test('that has not enough left is refused all that is not at hand, granted or not: nothing is read, nothing charged', async () => {
    const rate = createRate(3, 60_000);
    const loader = loaderFor(GRANTED, rate);
    rate.take('192.0.2.1', 1);
    const refs = [refTo('kept'), refTo('new'), refTo('secret'), refTo('none')];
    const outcomes = await Promise.all([loader.loadMany(refs, wanted()), loader.load(wishFor(refTo('kept')))]);
    const refused = expect.any(CallerRateLimited);
    expect(outcomes).toEqual([
      [expect.objectContaining({ invitationId: 'kept' }), refused, refused, refused],
      expect.objectContaining({ invitationId: 'kept' }),
    ]);
    expect(new Set(outcomes[0].slice(1)).size).toBe(1);
    expect(steps.filter((step) => !step.startsWith('look'))).toEqual(['take 3']);
    expect(rate.take('192.0.2.1', 2)).toBe(0);
  });
});

describe('what is not granted is given in the same turn as what is known not to exist', () => {
  test.each([
    ['it', ['none', 'secret']],
    ['that', ['secret', 'none']],
  ])('%s is given last where it is asked for last', async (_, ids) => {
    // Of two operations, so that neither waits for the other.
    const given: string[] = [];
    const loads = ids.map((id) => Promise.resolve(loaderFor().load(wishFor(refTo(id)))).then(() => given.push(id)));
    await Promise.all(loads);
    expect(given).toEqual(ids);
  });
});

describe('a viewer of one recipient', () => {
  const own = smartInviteRef('US', 'lunch', 'ann@example.com');

  test('has no extras read, by whatever field', async () => {
    await loaderFor().load(wishFor(own, null, true));
    await loaderFor('*').load(wishFor(own, null, true));
    expect(source.reads.map(({ withExtras }) => withExtras)).toEqual([false, true]);
  });

  test('gets what is kept at once, cut, while the kept one stays as it is', async () => {
    const answer = inviteTo(own, 'pending', { icalendar: 'BEGIN:VCALENDAR' });
    const bob = { ...answer.recipients[0], email: 'bob@example.com', status: 'DECLINED' } as const;
    source.answer = () =>
      ({ ...answer, recipients: [bob, ...answer.recipients], callbackUrl: 'https://app.example' }) as never;
    const whole = await loaderFor('*').load(wishFor(own, null, true));
    const kept = structuredClone(whole);
    const cut = loaderFor().load(wishFor(own, null, true));
    expect(cut).toMatchObject({ recipients: [{ email: 'ann@example.com' }], callbackUrl: null, attachments: null });
    expect(cut).toMatchObject({ status: 'PENDING', observedAt: kept?.observedAt });
    expect(loaderFor('*').load(wishFor(own, null, true))).toBe(whole);
    expect(whole).toEqual(kept);
  });
});

test('of a page that is granted one by one nothing is charged while it is kept, and all of it is given at once', async () => {
  const ids = Array.from({ length: 100 }, (_, n) => `page-${n}`);
  const page = (claim: unknown) => loaderFor(claim).loadMany(ids.map(refTo), wanted());
  await page('*');
  steps = [];
  const granted = page({ review: ids });
  expect(granted).not.toBeInstanceOf(Promise);
  expect(granted).toEqual(page('*'));
  expect(steps.filter((step) => !step.startsWith('look'))).toEqual([]);
});
