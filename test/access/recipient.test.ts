// Who is granted one recipient of an invite sees that recipient's reply and the event, and nothing else of it: by no field, by
// no door, whatever is kept, and whatever the provider notifies.

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import type { Environment } from '../../src/settings.ts';
import { bearer } from '../access/tokens.ts';
import type { TestGateway } from '../harness.ts';
import { subscribeTo } from '../live/subscriber.ts';
import { smartInviteRef } from '../refs.ts';
import { DOORS } from '../server/doors.ts';
import { startSigned } from '../server/signed.ts';
import {
  type Asked,
  everythingOf,
  fieldsThatGiveInvitations,
  QUERIES,
  QUERIES_OF_SUBGRAPH,
  SUBSCRIPTIONS,
} from './walk.ts';

const ID = 'lunch';
const ANN = 'Ann@Canary.example';
const OTHERS = ['bob@canary.example', 'carl@canary.example', 'dora@canary.example'];

/** What nobody but the whole may show. */
const CANARIES = [...OTHERS, 'comment-of-bob', 'comment-of-dora', 'callback-canary', 'BEGIN:VCALENDAR'];

const askedAs = (recipientEmail: string | null): Asked => ({
  smartInviteId: ID,
  recipientEmail,
  id: globalIdOf(smartInviteRef('US', ID, recipientEmail)),
});

const WHOLE = askedAs(null);
const OWN = askedAs(ANN);

let gateway: TestGateway;
async function start(environment: Environment = {}): Promise<void> {
  gateway = await startSigned(environment, { absentFromSpans: CANARIES });
  const time = '2099-12-04T09:30:00Z';
  gateway.sandbox.cronofy.put({
    smart_invite_id: ID,
    recipients: [
      { email: ANN, status: 'accepted', comment: 'comment-of-ann' },
      { email: 'bob@canary.example', status: 'pending', comment: 'comment-of-bob' },
      { email: 'carl@canary.example', status: 'declined' },
    ],
    replies: [{ email: 'dora@canary.example', status: 'accepted', comment: 'comment-of-dora' }],
    callback_url: `${gateway.origin}/webhooks/cronofy?callback-canary`,
    event: { summary: 'Lunch', start: time, end: time },
  });
}

const ann = () => bearer({ sub: 'ann', invitations: { smart: [{ id: ID, recipient: 'ann@canary.example' }] } });
const staff = () => bearer({ sub: 'staff' });

/** Everything that any field and any door gives of the invite, asked for by each of these names. */
async function walkBy(queries: typeof QUERIES, authorization: string, names: readonly Asked[]): Promise<string> {
  const answers: unknown[] = [];
  for (const door of DOORS) {
    for (const [, document] of queries) {
      for (const asked of names)
        answers.push((await door.ask(gateway.origin, authorization, { query: document(asked) })).body);
    }
    for (const [, document] of SUBSCRIPTIONS) {
      if (!door.isWebSocket && !door.name.includes('events')) continue;
      for (const asked of names) {
        const { body } = await Promise.race([
          door.ask(gateway.origin, authorization, { query: document(asked) }),
          // A stream that gives nothing.
          new Promise<{ body: null }>((resolve) => setTimeout(resolve, 300, { body: null })),
        ]);
        answers.push(body);
      }
    }
  }
  return JSON.stringify(answers);
}

const found = (text: string) => CANARIES.filter((canary) => text.toLowerCase().includes(canary.toLowerCase()));

const ALL_NAMES = [WHOLE, OWN, ...OTHERS.map(askedAs)];

test('the walk takes every field that gives an invitation', () => {
  const walked = [...QUERIES_OF_SUBGRAPH, ...SUBSCRIPTIONS].map(([field]) => field);
  expect(walked.toSorted()).toEqual(fieldsThatGiveInvitations().toSorted());
});

describe.each([
  { name: 'alone', environment: {}, queries: QUERIES },
  { name: 'as a subgraph', environment: { FEDERATION: 'on' }, queries: QUERIES_OF_SUBGRAPH },
])('of a gateway $name', ({ environment, queries }) => {
  beforeEach(() => start(environment));
  const walk = (authorization: string, names: readonly Asked[]) => walkBy(queries, authorization, names);

  test('who is granted everything finds every canary', { timeout: 30_000 }, async () => {
    expect(found(await walk(staff(), [WHOLE, OWN]))).toEqual(CANARIES);
  });

  describe('who is granted one recipient finds none', () => {
    test('while nothing is kept', { timeout: 30_000 }, async () => {
      const text = await walk(ann(), ALL_NAMES);
      expect(found(text)).toEqual([]);
      expect(text).toContain('comment-of-ann');
      // Asked by the granted name alone, and without the ICS.
      expect(gateway.takeCalls().cronofy.filter((call) => !call.includes('nn%40') || call.includes('ics'))).toEqual([]);
    });

    test('while all of it is kept', { timeout: 30_000 }, async () => {
      await walk(staff(), ALL_NAMES);
      const text = await walk(ann(), ALL_NAMES);
      expect(found(text)).toEqual([]);
      expect(text).toContain('comment-of-ann');
    });

    test('when the provider notifies what another has replied, and cannot be read then', {
      timeout: 30_000,
    }, async () => {
      const fields = everythingOf('Invitation').replace(/^\{|\}$/g, '');
      const headers = { authorization: ann() };
      const refs = [{ smartInvite: { smartInviteId: ID, recipientEmail: ANN } }];
      const stream = subscribeTo(gateway.origin, refs, fields, headers);
      const all = subscribeTo(gateway.origin, refs, fields, { authorization: staff() });
      await Promise.all([stream.first(1), all.first(1)]);
      gateway.sandbox.cronofy.misbehave({ status: 503 });
      gateway.sandbox.cronofy.reply(ID, { email: 'bob@canary.example', status: 'accepted', comment: 'comment-of-bob' });
      await all.until(({ invitation }) =>
        invitation?.recipients.some(
          (one: { email: string; status: string }) => one.email.startsWith('bob') && one.status === 'ACCEPTED',
        ),
      );
      // What is kept is what the notification says.
      expect(found(await walk(ann(), ALL_NAMES))).toEqual([]);
      expect(found(await walk(staff(), [OWN]))).toContain('comment-of-bob');
      gateway.sandbox.cronofy.reply(ID, { email: ANN, status: 'tentative' });
      await stream.until(({ invitation }) => invitation?.recipient.status === 'TENTATIVE');
      expect(found(JSON.stringify(stream.events))).toEqual([]);
    });
  });
});

describe('the viewer of one recipient', () => {
  beforeEach(() => start());
  const own = `{ smartInvite(smartInviteId: "${ID}", recipientEmail: "${ANN}") ${everythingOf('SmartInvite')} }`;
  const [post] = DOORS;

  test('sees the reply, the status that is made of it, and the event', async () => {
    const answer = await post?.ask(gateway.origin, ann(), { query: own });
    const reply = { email: ANN, status: 'ACCEPTED', comment: 'comment-of-ann' };
    expect(answer?.body).toMatchObject({
      data: {
        smartInvite: {
          status: 'ACCEPTED',
          rawStatus: 'accepted',
          isFinal: false,
          recipient: reply,
          recipients: [reply],
          replies: [],
          callbackUrl: null,
          attachments: null,
          event: { summary: 'Lunch' },
        },
      },
    });
    // Of the whole it is PENDING, because Bob has not replied.
    const whole = `{ smartInvite(smartInviteId: "${ID}") { status } }`;
    expect((await post?.ask(gateway.origin, staff(), { query: whole }))?.body).toEqual({
      data: { smartInvite: { status: 'PENDING' } },
    });
  });

  test('has an id by which the same can be had again', async () => {
    const { id } = (await post?.ask(gateway.origin, ann(), { query: own }))?.body.data.smartInvite ?? {};
    expect(id).toBe(OWN.id);
    const again = await post?.ask(gateway.origin, ann(), { query: `{ node(id: "${id}") { id } }` });
    expect(again?.body).toEqual({ data: { node: { id } } });
  });

  test('is told nothing by a stream when another replies', async () => {
    const refs = [{ smartInvite: { smartInviteId: ID, recipientEmail: ANN } }];
    const stream = subscribeTo(gateway.origin, refs, undefined, { authorization: ann() });
    const whole = subscribeTo(gateway.origin, refs, undefined, { authorization: staff() });
    await Promise.all([stream.first(1), whole.first(1)]);
    for (const status of ['tentative', 'declined', 'accepted'] as const) {
      gateway.sandbox.cronofy.reply(ID, { email: 'bob@canary.example', status });
      await whole.until(({ invitation }) =>
        invitation?.recipients.some(
          (one: { email: string; status: string }) =>
            one.email.startsWith('bob') && one.status === status.toUpperCase(),
        ),
      );
    }
    expect(stream.events).toHaveLength(1);
    gateway.sandbox.cronofy.reply(ID, { email: ANN, status: 'declined' });
    await vi.waitUntil(() => stream.events.length > 1);
    expect(stream.events.slice(1).map(({ invitation }) => invitation.status)).toEqual(['DECLINED']);
  });

  test('is told that a state is not confirmed where it is the own reply, and not where it is that of another', async () => {
    const refs = [{ smartInvite: { smartInviteId: ID, recipientEmail: ANN } }];
    const fields = 'staleness { reason } ... on SmartInvite { recipient { email status } recipients { email status } }';
    const stream = subscribeTo(gateway.origin, refs, fields, { authorization: ann() });
    const all = subscribeTo(gateway.origin, refs, fields, { authorization: staff() });
    await Promise.all([stream.first(1), all.first(1)]);
    const poll = `{ smartInvite(smartInviteId: "${ID}", recipientEmail: "${ANN}") { isStale ${fields} } }`;
    const polled = async () => (await post?.ask(gateway.origin, ann(), { query: poll }))?.body.data.smartInvite;
    const before = await polled();
    expect(before).toMatchObject({ isStale: false, staleness: null, recipient: { status: 'ACCEPTED' } });
    const isUnconfirmed = (email: string, status: string) =>
      all.until(
        ({ invitation }) =>
          invitation?.staleness?.reason === 'UNCONFIRMED' &&
          invitation.recipients.some((one: Record<string, string>) => one.email === email && one.status === status),
      );

    gateway.sandbox.cronofy.misbehave({ status: 503 });
    gateway.sandbox.cronofy.reply(ID, { email: 'bob@canary.example', status: 'declined' });
    await isUnconfirmed('bob@canary.example', 'DECLINED');
    expect(await polled()).toEqual(before);

    gateway.sandbox.cronofy.reply(ID, { email: ANN, status: 'tentative' });
    await isUnconfirmed(ANN, 'TENTATIVE');
    const own = { staleness: { reason: 'UNCONFIRMED' }, recipient: { status: 'TENTATIVE' } };
    expect(await polled()).toMatchObject({ isStale: true, ...own });
    await stream.first(2);

    // Another one is heard of, while the own is not confirmed yet.
    gateway.sandbox.cronofy.reply(ID, { email: 'bob@canary.example', status: 'accepted' });
    await isUnconfirmed('bob@canary.example', 'ACCEPTED');
    expect(await polled()).toMatchObject({ isStale: true, ...own });

    gateway.sandbox.cronofy.misbehave(undefined);
    await stream.until(({ invitation }) => invitation?.recipient.status === 'TENTATIVE' && !invitation.staleness);
    expect(stream.events.map(({ invitation }) => [invitation.recipient.status, invitation.staleness])).toEqual([
      ['ACCEPTED', null],
      ['TENTATIVE', { reason: 'UNCONFIRMED' }],
      ['TENTATIVE', null],
    ]);
  });

  test('gets null where the provider has taken the address off the invite', async () => {
    await post?.ask(gateway.origin, ann(), { query: own });
    const time = '2099-12-04T09:30:00Z';
    gateway.sandbox.cronofy.put({
      smart_invite_id: ID,
      recipients: [{ email: 'bob@canary.example', status: 'pending' }],
      event: { summary: 'Lunch', start: time, end: time },
    });
    const insisting = own.replace('recipientEmail', 'maxAgeSeconds: 0, recipientEmail');
    const answer = await post?.ask(gateway.origin, ann(), { query: insisting });
    expect(answer?.body).toEqual({ data: { smartInvite: null } });
  });
});
