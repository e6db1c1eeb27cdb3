// A caller may name its variables like members that every object has: what is not sent is not given, and what is sent is.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { DOORS } from './doors.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', '__defineGetter__'];
const FOUND = { data: { reviewInvitation: { invitationId: 'review-sent' } } };
const BAD_INPUT = { errors: [{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }] };

/** As JSON has it: in a literal __proto__ would be no member. */
const given = (name: string, value: unknown) => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`);

describe.each(DOORS)('by $name', ({ ask }) => {
  const answer = async (query: string, variables: object) =>
    (await ask(gateway.origin, undefined, { query, variables })).body;

  test.each(NAMES)('a variable that is named %s', async (name) => {
    const age = `query($${name}: Int) { reviewInvitation(invitationId: "review-sent", maxAgeSeconds: $${name}) { invitationId } }`;
    const byDefault = `query($${name}: ID = "review-sent") { invitation(ref: { reviewInvitation: { invitationId: $${name} } }) { ... on ReviewInvitation { invitationId } } }`;
    const id = `query($${name}: ID!) { reviewInvitation(invitationId: $${name}) { invitationId } }`;
    const nested = `query($${name}: ID!, $no: Int) { invitation(ref: { reviewInvitation: { invitationId: $${name} } }, maxAgeSeconds: $no) { ... on ReviewInvitation { invitationId } } }`;
    const some = `query($${name}: Boolean = true) { reviewInvitation(invitationId: "review-sent") { invitationId @include(if: $${name}) status @skip(if: $${name}) } }`;
    const list = `query($${name}: [ID!]) { nodes(ids: $${name}) { id } }`;
    const optional = `query($${name}: String) { smartInvite(smartInviteId: "invite-pending", recipientEmail: $${name}) { smartInviteId } }`;
    for (const _ of [1, 2, 3]) {
      expect(await answer(age, {})).toEqual(FOUND);
      expect(await answer(age, given(name, 60))).toEqual(FOUND);
      expect(await answer(age, given(name, null))).toEqual(FOUND);
      // What is sent is looked at, by the type and by the field.
      expect(await answer(age, given(name, 'text'))).toMatchObject(BAD_INPUT);
      expect(await answer(age, given(name, -1))).toMatchObject(BAD_INPUT);
      expect(await answer(id, {})).toMatchObject(BAD_INPUT);
      expect(await answer(id, given(name, 'review-sent'))).toEqual(FOUND);
      expect(await answer(nested, given(name, 'review-sent'))).toEqual({
        data: { invitation: { invitationId: 'review-sent' } },
      });
      expect(await answer(byDefault, {})).toEqual({ data: { invitation: { invitationId: 'review-sent' } } });
      expect(await answer(some, {})).toEqual(FOUND);
      expect(await answer(some, given(name, false))).toEqual({ data: { reviewInvitation: { status: 'PENDING' } } });
      expect(await answer(optional, {})).toEqual({ data: { smartInvite: { smartInviteId: 'invite-pending' } } });
      expect(await answer(list, {})).toMatchObject(BAD_INPUT);
    }
  });
});
