// A ref names an invitation in exactly one way, wherever its parts come from: literals, variables, or variables within
// literals. Each is asked for four times, because what was asked for before is prepared.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

const BY_REF = 'query($ref: InvitationRef!) { invitation(ref: $ref) { status } }';
const BY_REFS = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { status } }';
const within = (member: string, type: string) => `query($x: ${type}) { invitation(ref: { ${member}: $x }) { status } }`;
const written = (ref: string) => `{ invitation(ref: ${ref}) { status } }`;

const TIMES = [1, 2, 3, 4];

const sent = { invitationId: 'review-sent' };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

const REFUSED: readonly [name: string, query: string, variables: object][] = [
  ['a member that is null', BY_REF, { ref: { id: null } }],
  ['another member that is null', BY_REF, { ref: { smartInvite: null } }],
  ['a member beside one that is null', BY_REF, { ref: { reviewInvitation: sent, id: null } }],
  ['two members', BY_REF, { ref: { reviewInvitation: sent, id: 'a' } }],
  ['no member', BY_REF, { ref: {} }],
  ['no member, but a property of every object', BY_REF, { ref: { constructor: 1 } }],
  ['a member beside an unknown key', BY_REF, { ref: { reviewInvitation: sent, more: null } }],
  ['a member that has too much in it', BY_REF, { ref: { reviewInvitation: { ...sent, id: 'a' } } }],
  ['a list', BY_REF, { ref: [{ reviewInvitation: sent }] }],
  ['null', BY_REF, { ref: null }],
  ['nothing', BY_REF, {}],
  ['an entry whose member is null', BY_REFS, { refs: [{ reviewInvitation: sent }, { id: null }] }],
  ['an entry of two members', BY_REFS, { refs: [{ reviewInvitation: sent, smartInvite: { smartInviteId: 'a' } }] }],
  ['an entry that is null', BY_REFS, { refs: [{ reviewInvitation: sent }, null] }],
  ['a nullable variable that is null, for a member', within('id', 'ID'), { x: null }],
  ['a nullable variable that is left out, for a member', within('id', 'ID'), {}],
  ['a variable that is null by default for a member', within('id', 'ID = null'), {}],
  ['a variable that is null for a member', within('id', 'ID!'), { x: null }],
  ['a variable that is null for an object', within('reviewInvitation', 'ReviewInvitationRef!'), { x: null }],
  ['a nullable variable that is null, for an object', within('reviewInvitation', 'ReviewInvitationRef'), { x: null }],
  ['a literal null', written('{ id: null }'), {}],
  ['a literal of two members', written('{ id: "a", reviewInvitation: { invitationId: "review-sent" } }'), {}],
  ['a literal of a member and null', written('{ id: null, reviewInvitation: { invitationId: "review-sent" } }'), {}],
  ['an empty literal', written('{}'), {}],
];

describe('a ref is refused, the first time and every time after, with', () => {
  test.each(REFUSED)('%s', async (_, query, variables) => {
    for (const _ of TIMES) {
      const { data, errors = [] } = await gateway.query(query, variables);
      expect(data?.invitation ?? null).toBeNull();
      expect(data?.invitations ?? null).toBeNull();
      expect(errors.length).toBeGreaterThan(0);
      for (const { extensions } of errors) expect(extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
    }
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });
});

describe('a ref is accepted, the first time and every time after, with', () => {
  test.each<[string, string, object]>([
    ['one member', BY_REF, { ref: { reviewInvitation: sent } }],
    ['one member by a variable', within('reviewInvitation', 'ReviewInvitationRef!'), { x: sent }],
    ['one literal', written('{ reviewInvitation: { invitationId: "review-sent" } }'), {}],
    [
      'a variable deep in a literal',
      'query($x: ID!) { invitation(ref: { reviewInvitation: { invitationId: $x } }) { status } }',
      { x: 'review-sent' },
    ],
    ['one member after one that was refused', BY_REF, { ref: { reviewInvitation: sent } }],
  ])('%s', async (_, query, variables) => {
    for (const _ of TIMES) {
      expect(await gateway.query(query, variables)).toEqual({
        status: 200,
        data: { invitation: { status: 'PENDING' } },
      });
    }
  });
});
