// What is not granted looks exactly like what does not exist: by every field and every door, whatever is kept, and without
// anything of it being looked up.

import { createClient } from 'graphql-ws';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { bearer } from '../access/tokens.ts';
import type { TestGateway } from '../harness.ts';
import { invite, review, subscribeTo } from '../live/subscriber.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { DOORS } from '../server/doors.ts';
import { startSigned } from '../server/signed.ts';
import { fileOf, hashOf } from '../server/trusted-list.ts';

const LUNCH = 'smartInvite(smartInviteId: "team-lunch")';
const NOTHING = { partoo: [], cronofy: [] };
const FIELDS = '__typename id status isFinal observedAt staleness { reason }';

/** Each asks for two invitations: one that there is, and one that there is not. */
const FORMS = [
  [
    'node',
    ({ real, none }) => `{ a: node(id: "${globalIdOf(reviewInvitationRef(real))}") { id }
      b: node(id: "${globalIdOf(reviewInvitationRef(none))}") { id } }`,
  ],
  [
    'nodes',
    ({ real, none }) =>
      `{ nodes(ids: ["${globalIdOf(reviewInvitationRef(real))}", "${globalIdOf(reviewInvitationRef(none))}"]) { id } }`,
  ],
  [
    'invitation',
    ({ real, none }) => `{ a: invitation(ref: { reviewInvitation: { invitationId: "${real}" } }) { ${FIELDS} }
      b: invitation(ref: { reviewInvitation: { invitationId: "${none}" } }) { ${FIELDS} } }`,
  ],
  [
    'invitations, in a fragment',
    ({ real, none }) => `{ ...F } fragment F on Query { invitations(refs: [
      { reviewInvitation: { invitationId: "${real}" } }, { reviewInvitation: { invitationId: "${none}" } }]) { ${FIELDS} } }`,
  ],
  [
    'reviewInvitation',
    ({ real, none }) => `{ a: reviewInvitation(invitationId: "${real}") { ${FIELDS} }
      b: reviewInvitation(invitationId: "${none}", maxAgeSeconds: 0) { ${FIELDS} } }`,
  ],
  [
    'smartInvite',
    () => `{ a: smartInvite(smartInviteId: "invite-pending") { ${FIELDS} attachments { icalendar } }
      b: smartInvite(smartInviteId: "no-such-invite", recipientEmail: "a@example.com") { ${FIELDS} } }`,
  ],
] satisfies readonly Form[];

type Form = readonly [string, (ids: { real: string; none: string }) => string];

const representationOf = (id: string) =>
  `{ __typename: "ReviewInvitation", id: "${globalIdOf(reviewInvitationRef(id))}" }`;

/** What a router asks for. */
const ENTITIES: Form = [
  '_entities',
  ({ real, none }) =>
    `{ _entities(representations: [${[real, none].map(representationOf)}]) { __typename ... on Invitation { id } } }`,
];

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startSigned();
});

const stranger = (sub = 'stranger') => bearer({ sub, invitations: { review: ['else'], smart: ['else'] } });

function isEmpty(data: object): boolean {
  return Object.values(data)
    .flat()
    .every((value) => value === null);
}

describe.each(DOORS)('by $name', ({ ask }) => {
  test.each<Form>([...FORMS, ENTITIES])(
    '%s gives null without an error, each of three times, and nothing is looked up',
    async (name, form) => {
      if (name === '_entities') gateway = await startSigned({ FEDERATION: 'on' });
      const query = form({ real: 'review-sent', none: 'no-such-review' });
      // Kept, because somebody may see it.
      await ask(gateway.origin, bearer({ sub: 'staff' }), { query });
      gateway.takeCalls();
      for (let n = 0; n < 3; n++) {
        const { status, body } = await ask(gateway.origin, stranger(), { query });
        expect([status, body.errors]).toEqual([200, undefined]);
        expect(isEmpty(body.data), JSON.stringify(body)).toBe(true);
      }
      expect(gateway.takeCalls()).toEqual(NOTHING);
    },
  );
});

test('a hash names no more than a text does', async () => {
  const query = `{ a: reviewInvitation(invitationId: "review-sent") { ${FIELDS} } b: ${LUNCH} { ${FIELDS} } }`;
  const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf('sha256', query) } };
  const staff = bearer({ sub: 'staff' });
  for (const { ask } of DOORS) {
    // The text becomes known, after its hash was asked for, by who may see all.
    await ask(gateway.origin, staff, { extensions });
    expect((await ask(gateway.origin, staff, { query, extensions })).body.data.a).toMatchObject({ status: 'PENDING' });
    gateway.takeCalls();
    for (let n = 0; n < 3; n++)
      expect((await ask(gateway.origin, stranger(), { extensions })).body).toEqual({ data: { a: null, b: null } });
    expect(gateway.takeCalls()).toEqual(NOTHING);
  }
});

test('a document of a list names no more than a text does', async () => {
  const query = `query Both($id: ID!) { a: reviewInvitation(invitationId: $id) { ${FIELDS} } b: ${LUNCH} { id } }`;
  const trusting = await startSigned({ TRUSTED_DOCUMENTS: fileOf({ both: query }) });
  for (const { ask } of DOORS) {
    for (let n = 0; n < 3; n++) {
      const asked = { documentId: 'both', variables: { id: 'review-sent' } };
      expect((await ask(trusting.origin, stranger(), asked)).body).toEqual({ data: { a: null, b: null } });
    }
  }
  expect(trusting.takeCalls()).toEqual(NOTHING);
});

test('a variable names no more than a literal does', async () => {
  const query = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
  const variables = { refs: [review('review-sent'), invite('invite-pending'), review('no-such-review')] };
  for (const door of DOORS) {
    const { body } = await door.ask(gateway.origin, stranger(), { query, variables });
    expect(body).toEqual({ data: { invitations: [null, null, null] } });
  }
  expect(gateway.takeCalls()).toEqual(NOTHING);
});

test('of a page a viewer sees what is granted, in its place, as it is to who may see everything', async () => {
  const query = `query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ${FIELDS} } }`;
  const variables = { refs: [review('review-sent'), review('review-delivered'), invite('invite-accepted')] };
  const [post] = DOORS;
  const all = await post?.ask(gateway.origin, bearer(), { query, variables });
  const some = await post?.ask(
    gateway.origin,
    bearer({ sub: 'b', invitations: { review: ['review-delivered'], smart: ['invite-acc*'] } }),
    { query, variables },
  );
  const [, second, third] = all?.body.data.invitations ?? [];
  expect(some?.body).toEqual({ data: { invitations: [null, second, third] } });
});

test('an id of another data center is not granted with one of the own', async () => {
  const id = globalIdOf(smartInviteRef('DE', 'invite-pending', null));
  const [post] = DOORS;
  const granted = bearer({ sub: 'b', invitations: { smart: ['invite-pending'] } });
  const query = `{ own: smartInvite(smartInviteId: "invite-pending") { status } other: node(id: "${id}") { id } }`;
  expect((await post?.ask(gateway.origin, granted, { query }))?.body).toEqual({
    data: { own: { status: 'PENDING' }, other: null },
  });
});

describe('a stream', () => {
  test('of nothing that is granted completes as one of what is not there, and nothing is watched', async () => {
    const headers = { authorization: stranger() };
    const stream = subscribeTo(gateway.origin, [review('review-sent'), invite('invite-pending')], undefined, headers);
    expect(await stream.completed).toBe('completed');
    expect(stream.events).toEqual([]);
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });

  test('over a WebSocket does the same', async () => {
    const query = 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id } }';
    const variables = { refs: [review('review-sent'), invite('invite-pending'), review('no-such-review')] };
    const client = createClient({
      url: `${gateway.origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: stranger() },
    });
    onTestFinished(() => void client.dispose());
    const events: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      client.subscribe(
        { query, variables },
        { next: (event) => void events.push(event), error: reject, complete: resolve },
      );
    });
    expect(events).toEqual([]);
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });

  test('leaves out what is not granted, also when it changes', async () => {
    const headers = { authorization: bearer({ sub: 'b', invitations: { smart: ['invite-pending'] } }) };
    const refs = [invite('invite-moving-1'), invite('invite-pending'), invite('invite-accepted')];
    const stream = subscribeTo(gateway.origin, refs, undefined, headers);
    const staff = subscribeTo(gateway.origin, refs, undefined, { authorization: bearer({ sub: 'staff' }) });
    await staff.first(3);
    gateway.sandbox.cronofy.reply('invite-accepted', { email: 'invite-accepted@example.com', status: 'declined' });
    await staff.until(({ invitation }) => invitation?.status === 'DECLINED');
    gateway.sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    expect(new Set(stream.events.map(({ invitation }) => invitation.smartInviteId))).toEqual(
      new Set(['invite-pending']),
    );
  });
});
