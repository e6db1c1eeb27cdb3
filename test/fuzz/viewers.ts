// Viewers of a differential test: one who may see everything, and others who may see some of the same world. They ask through
// the real loader; what lies behind it depends on the ref alone, and is known at once or has to be read.

import { grantsOf } from '../../src/access/grants.ts';
import { openViewer, type Viewer } from '../../src/access/viewer.ts';
import { ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import type { SmartInvite } from '../../src/invitation/smart-invite.ts';
import { momentOf, snapshotOf } from '../../src/invitation/snapshot.ts';
import { createInvitationLoader, type Outcome } from '../../src/loaders/invitation-loader.ts';
import type { Context } from '../../src/schema/builder.ts';
import type { Snapshots } from '../../src/snapshots/snapshots.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { boundless } from '../rates.ts';
import { createWorld, seedOf } from './world.ts';

const WORLD = createWorld();

/** Documents name invitations by these, and some by others. */
const IDS = Array.from({ length: 31 }, (_, n) => String(n));

const even = IDS.filter((id) => Number(id) % 2 === 0);
const odd = IDS.filter((id) => Number(id) % 2 === 1);

function viewer(claim: unknown): Viewer {
  return { ...openViewer('192.0.2.1'), grants: grantsOf(claim, WORLD.defaultsOf) };
}

export const SEES_ALL = viewer('*');

/** Each may see these invitations whole, and no others. */
export const SEE_SOME: readonly Viewer[] = [
  viewer({ review: IDS, smart: IDS }),
  viewer({ review: even, smart: odd }),
  viewer({}),
];

export const SEE_PARTS = viewer({ smart: IDS.map((id) => ({ id, recipient: 'Ann@example.com' })) });

export function createViewersWorld(seenBy: Viewer): Context {
  const caller = { viewer: seenBy, cancellation: new Cancellation() };
  const createLoaders = () => ({ invitation: createInvitationLoader(SNAPSHOTS, caller, boundless()) });
  return { ...WORLD, loaders: createLoaders(), createLoaders, viewer: seenBy };
}

const SNAPSHOTS: Pick<Snapshots, 'answer' | 'read'> = {
  answer(ref, withExtras) {
    const outcome = outcomeOf(ref, withExtras);
    return outcome instanceof Error || seedOf(`${ref.key} known`) % 2 === 0 ? undefined : outcome;
  },
  async read(ref, { withExtras }) {
    const outcome = outcomeOf(ref, withExtras);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  },
};

function outcomeOf(ref: Ref, withExtras: boolean): Outcome {
  const kind = seedOf(ref.key) % 8;
  if (kind === 0) return null;
  if (kind === 1) return new ProviderUnavailable('PARTOO');
  return snapshotOf(ref.type === 'SmartInvite' ? inviteOf(ref.parts, kind, withExtras) : reviewOf(ref.parts), AT);
}

const AT = momentOf(Date.parse('2026-11-26T09:00:00Z'));

function reviewOf(parts: { readonly invitationId: string }) {
  return { type: 'ReviewInvitation', ...parts, deliveryStatus: 'SENT', rawStatus: 'SENT' } as const;
}

function inviteOf(parts: Pick<SmartInvite, 'dataCenter' | 'smartInviteId'>, kind: number, withExtras: boolean) {
  const reply = (email: string, status: 'PENDING' | 'ACCEPTED') => {
    return { email, status, rawStatus: status, comment: kind === 2 ? 'Gladly.' : null, proposal: null };
  };
  const [ann, bob] = [reply('ann@example.com', 'ACCEPTED'), reply('bob@example.com', 'PENDING')];
  const time = { dateTime: '2026-05-04T09:30:00Z', date: null, timeZone: 'Europe/London' };
  const { dataCenter, smartInviteId } = parts;
  const invite: SmartInvite = {
    type: 'SmartInvite',
    dataCenter,
    smartInviteId,
    recipient: kind === 3 ? ann : null,
    recipients: [ann, bob],
    replies: kind === 4 ? [] : [bob, ann],
    callbackUrl: 'https://app.example.com/notifications',
    event: { summary: 'Lunch', description: null, start: time, end: time, location: null },
    attachments: withExtras ? { icalendar: 'BEGIN:VCALENDAR' } : null,
  };
  return invite;
}

/**
 * Whether each invitation among the values of root fields is what a viewer of everything gets, byte for byte, or null.
 * @returns how many values are there, other than invitations too; undefined where one is neither.
 */
export function countSome(some: object, all: object): number | undefined {
  let count = 0;
  const names = Object.keys(some);
  if (names.join() !== Object.keys(all).join()) return undefined;
  for (const name of names) {
    const [given, expected]: readonly unknown[][] = [some, all].map((data) => [Reflect.get(data, name)].flat());
    if (given?.length !== expected?.length) return undefined;
    for (const [n, value] of (given ?? []).entries()) {
      if (value === null) continue;
      if (JSON.stringify(value) !== JSON.stringify(expected?.[n])) return undefined;
      count += 1;
    }
  }
  return count;
}
