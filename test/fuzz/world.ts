// What the resolvers of a differential test are given: invitations that are known at once, or later, that fail, or are
// not what they should be. What a ref gives depends on its key alone, so that every run of a document meets the same.

import { openViewer } from '../../src/access/viewer.ts';
import { ProviderTimeout, ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import type { Snapshot } from '../../src/invitation/snapshot.ts';
import type { Outcome } from '../../src/loaders/invitation-loader.ts';
import type { Context } from '../../src/schema/builder.ts';

const OBSERVED_AT = new Date('2026-11-26T09:00:00Z');
const EARLIER = { dateTime: '2026-05-04T09:30:00Z', date: null, timeZone: 'Europe/London' };
const DAY = { dateTime: null, date: '2026-12-24', timeZone: null };

export function createWorld(): Context {
  const invitation = {
    // biome-ignore lint/suspicious/noExplicitAny: a world may give what no type allows, which is what is tested
    load: ({ ref }: { ref: Ref }): any => given(ref),
    // biome-ignore lint/suspicious/noExplicitAny: as above
    loadMany: (refs: readonly Ref[]): any => {
      const kind = seedOf(refs.map(({ key }) => key).join()) % 7;
      if (kind === 0) throw new ProviderUnavailable('PARTOO');
      if (kind === 1) return later(() => Promise.reject(new ProviderTimeout('CRONOFY')));
      const outcomes = refs.map(outcomeOf);
      if (kind === 2) return refs.map((ref) => given(ref, (error) => error));
      return kind === 3 ? later(() => outcomes) : outcomes;
    },
  };
  const loaders = { invitation };
  return {
    loaders,
    createLoaders: () => loaders,
    ageMs: () => undefined,
    streams: {
      open() {
        throw new Error('nothing is watched here');
      },
    },
    viewer: openViewer('192.0.2.1'),
    providers: () => [
      { provider: 'CRONOFY', isConfigured: false, circuit: 'CLOSED', quota: null },
      {
        provider: 'PARTOO',
        isConfigured: true,
        circuit: 'OPEN',
        quota: { limit: 270, remaining: 3, resetsAt: OBSERVED_AT },
      },
    ],
    defaultsOf: (type) => (type === 'SmartInvite' ? { dataCenter: 'DE' } : undefined),
  };
}

function given(ref: Ref, asItem: (error: Error) => unknown = raise): unknown {
  const outcome = outcomeOf(ref);
  const kind = seedOf(`${ref.key} when`) % 4;
  const settle = () => (outcome instanceof Error ? raise(outcome) : outcome);
  if (kind === 0) return later(settle);
  if (kind === 1) return Promise.resolve().then(settle);
  return outcome instanceof Error ? asItem(outcome) : outcome;
}

function raise(error: Error): never {
  throw error;
}

function later<T>(give: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(give());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function outcomeOf(ref: Ref): Outcome {
  const kind = seedOf(ref.key) % 12;
  if (kind === 0) return null;
  if (kind === 1) return new ProviderUnavailable('PARTOO');
  if (kind === 2) return new Error('a fault with guest@example.org in it');
  if (ref.type === 'ReviewInvitation') {
    const review = {
      type: 'ReviewInvitation',
      ...ref.parts,
      deliveryStatus: kind === 3 ? 'LOST' : 'SENT',
      rawStatus: kind === 4 ? Promise.resolve('SENT') : kind === 5 ? 7 : null,
      id: ref.key,
      externalId: kind === 8 ? { not: 'a text' } : kind === 9 ? later(() => ref.key) : ref.parts.invitationId,
      status: kind === 6 ? 'LOST' : 'PENDING',
      isFinal: kind === 7 ? null : false,
      observedAt: OBSERVED_AT,
      staleness: stalenessOf(kind),
    };
    quieten(review);
    return review as unknown as Snapshot;
  }
  return inviteOf(ref.parts.smartInviteId, kind);
}

function inviteOf(smartInviteId: string, kind: number): Snapshot {
  const reply = (email: string, status: string) => ({
    email,
    status,
    rawStatus: status,
    comment: null,
    proposal: null,
  });
  const ann = reply('ann@example.com', 'PENDING');
  const bob = { ...reply('bob@example.com', 'ACCEPTED'), proposal: { start: DAY, end: kind === 3 ? null : DAY } };
  const invite = {
    type: 'SmartInvite',
    dataCenter: 'US',
    smartInviteId,
    recipient: kind === 4 ? later(() => ann) : kind === 5 ? Promise.reject(new Error('late')) : ann,
    recipients: kind === 6 ? [ann, Promise.resolve(bob), new Error('one of them')] : [ann, bob],
    replies: kind === 7 ? [later(() => bob), Promise.reject(new Error('no reply'))] : kind === 8 ? null : [bob],
    callbackUrl: kind === 9 ? new Error('no callback') : 'https://app.example.com/notifications',
    event: kind === 10 ? null : { summary: 'Lunch', description: null, start: EARLIER, end: DAY, location: null },
    attachments: { icalendar: 'BEGIN:VCALENDAR' },
    id: smartInviteId,
    externalId: kind === 3 ? null : smartInviteId,
    status: 'PENDING',
    rawStatus: kind === 4 ? null : kind === 5 ? later(() => 'pending') : kind === 6 ? ['pending'] : 'pending',
    isFinal: true,
    observedAt: OBSERVED_AT,
    staleness: stalenessOf(kind),
  };
  quieten(invite);
  return invite as unknown as Snapshot<'SmartInvite'>;
}

/** None for half of all; the others have reasons and times of every sort, also impossible ones. */
function stalenessOf(kind: number): unknown {
  if (kind < 6) return null;
  const retryAt = kind === 6 ? 'soon' : kind === 7 ? Promise.reject(new Error('nobody knows when')) : OBSERVED_AT;
  const staleness = { reason: kind === 8 ? 'BORED' : 'UNCONFIRMED', retryAt: kind === 9 ? null : retryAt };
  return kind === 10 ? later(() => staleness) : kind === 11 ? { ...staleness, reason: null } : staleness;
}

// No document may select it.
function quieten(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
  else if (Array.isArray(value)) value.forEach(quieten);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(quieten);
}

/** A number that is the same for the same text. */
export function seedOf(text: string): number {
  let seed = 7;
  for (const character of text) seed = (seed * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return seed;
}
