// What lists multiply: fields by their entries, however the entries are named, and invitations that one operation reads,
// however they are spread over it.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GraphQLAnswer, startTestGateway, type TestGateway } from '../harness.ts';
import { many } from './many.ts';
import { openSocket } from './socket-client.ts';

const BAD_INPUT = { code: 'BAD_USER_INPUT', retryable: false };

const QUOTAS = { PARTOO_QUOTA: '100000/60s', CRONOFY_QUOTA: '100000/60s' };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ environment: QUOTAS });
});
beforeEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

const review = (invitationId: string) => ({ reviewInvitation: { invitationId } });
const literal = (invitationId: string) => `{ reviewInvitation: { invitationId: "${invitationId}" } }`;
/** Refs that differ from those of every other test. */
const refs = (count: number, of: string, from = 0) =>
  Array.from({ length: count }, (_, n) => review(`${of}-${n + from}`));

describe('fields times the entries of a list', () => {
  const fields = (count: number) => many(count, (n) => `a${n}:status`);
  const LISTED = 'query($refs: [InvitationRef!]!)';
  const ids = (count: number) => Array.from({ length: count }, (_, n) => `no-id-${n}`);

  /** 25,001 fields each. */
  const TOO_MANY: readonly [name: string, query: string, variables: object][] = [
    ['a variable', `${LISTED} { invitations(refs: $refs) { ${fields(250)} } }`, { refs: refs(100, 'f') }],
    [
      'a variable of ids',
      `query($ids: [ID!]!) { nodes(ids: $ids) { ${many(250, (n) => `a${n}:id`)} } }`,
      { ids: ids(100) },
    ],
    ['a literal list', `{ invitations(refs: [${many(50, (n) => literal(`f-${n}`))}]) { ${fields(500)} } }`, {}],
    [
      'the default of a variable',
      `query($ids: [ID!]! = [${many(100, (n) => `"no-id-${n}"`)}]) { nodes(ids: $ids) { ${many(250, (n) => `a${n}:id`)} } }`,
      {},
    ],
    [
      'one variable in several places',
      `${LISTED} { a: invitations(refs: $refs) { ${fields(125)} } b: invitations(refs: $refs) { ${fields(125)} } }`,
      { refs: refs(100, 'f') },
    ],
    [
      'two variables',
      `query($x: [InvitationRef!]!, $y: [InvitationRef!]!) {
        a: invitations(refs: $x) { ${fields(200)} } b: invitations(refs: $y) { ${fields(50)} }
      }`,
      { x: refs(100, 'f'), y: refs(100, 'f') },
    ],
    [
      'a variable within fragments',
      `${LISTED} { ...A } fragment A on Query { invitations(refs: $refs) { ...B } }
       fragment B on Invitation { ${many(10, (n) => `... on SmartInvite { r${n}: recipients { ...C } }`)} }
       fragment C on SmartInviteReply { ${many(24, (n) => `a${n}:email`)} }`,
      { refs: refs(100, 'f') },
    ],
  ];

  test.each(TOO_MANY)('by %s are refused when there are more than 25,000', async (_, query, variables) => {
    for (const _ of [1, 2, 3]) {
      const { data, errors } = await gateway.query(query, variables);
      expect(data).toBeUndefined();
      expect(errors).toEqual([
        {
          message: expect.stringMatching(/^The operation has 2500[12] fields, .*and 25000 is the most/),
          extensions: BAD_INPUT,
        },
      ]);
    }
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test('by a variable are refused over a WebSocket as well', async () => {
    const query = `${LISTED} { invitations(refs: $refs) { ${fields(250)} } }`;
    const { subscribe, outcomeOf } = await openSocket(gateway.origin);
    subscribe('1', { query, variables: { refs: refs(100, 'f') } });
    const [outcome] = await outcomeOf('1');
    expect(outcome?.payload.errors ?? outcome?.payload).toMatchObject([
      { message: expect.stringContaining('25001'), extensions: BAD_INPUT },
    ]);
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test('by the same variable are answered with one entry less', async () => {
    const query = `${LISTED} { invitations(refs: $refs) { ${fields(250)} } }`;
    for (const _ of [1, 2, 3]) {
      expect((await gateway.query(query, { refs: refs(100, 'f') })).data).toBeUndefined();
      const { data, errors } = await gateway.query(query, { refs: [review('review-sent'), ...refs(98, 'f')] });
      expect(errors).toBeUndefined();
      expect(Object.keys(data.invitations[0])).toHaveLength(250);
    }
  });
});

describe('introspection that multiplies', () => {
  const nested = (levels: number): string => (levels === 0 ? 'name' : `fields { type { ${nested(levels - 1)} } }`);

  test.each([
    ['types by their fields by theirs', `{ __schema { types { ${nested(4)} } } }`],
    [
      'aliases of one type',
      `{ ${many(60, (n) => `a${n}: __type(name: "Query") { ...T }`)} } fragment T on __Type { ${nested(3)} }`,
    ],
    [
      'fragments under aliases',
      `{ __schema { ${many(20, (n) => `a${n}: types { ...T }`)} } } fragment T on __Type {
        ${many(20, (n) => `b${n}: fields(includeDeprecated: true) { ...F }`)} } fragment F on __Field { args { name } }`,
    ],
    [
      'what types are possible',
      `{ __schema { types { ${'possibleTypes { interfaces { '.repeat(6)} name ${'} }'.repeat(6)} } } }`,
    ],
  ])('is refused: %s', async (_, query) => {
    for (const _ of [1, 2, 3]) {
      const { data, errors } = await gateway.query(query);
      expect(data).toBeUndefined();
      expect(errors).toMatchObject([
        { message: expect.stringMatching(/is the most|introspection/i), extensions: BAD_INPUT },
      ]);
    }
  });
});

describe('invitations that one operation reads', () => {
  const LIST = '($a: [InvitationRef!]!, $b: [InvitationRef!]!, $c: [InvitationRef!]!)';
  const list = (name: string) => `${name}: invitations(refs: $${name}) { status }`;

  /** Which places of an answer were refused. */
  const refused = ({ errors = [] }: GraphQLAnswer) =>
    errors.map(({ message, path, extensions }) => {
      expect(message).toContain('200');
      expect(extensions).toEqual(BAD_INPUT);
      return path?.join('.');
    });

  const FORMS: readonly [name: string, query: string][] = [
    ['three lists', `query${LIST} { ${list('a')} ${list('b')} ${list('c')} }`],
    [
      'fragments',
      `query${LIST} { ...A ...B ${list('c')} } fragment A on Query { ${list('a')} } fragment B on Query { ${list('b')} }`,
    ],
    [
      'lists under several conditions',
      `query${LIST} { ... @include(if: true) { ${list('a')} } ${list('b')} ${list('c')} }`,
    ],
  ];

  test.each(FORMS)('are 200 at most, by %s: the first are read, the others refused in place', async (form, query) => {
    for (const time of [1, 2, 3]) {
      const of = `${form} ${time}`;
      const asked = { a: refs(100, of), b: refs(99, of, 100), c: refs(3, of, 199) };
      const answer = await gateway.query(query, asked);
      expect(refused(answer)).toEqual(['c.1', 'c.2']);
      expect(answer.data).toEqual({ a: Array(100).fill(null), b: Array(99).fill(null), c: [null, null, null] });
      const { partoo } = gateway.takeCalls();
      expect(partoo).toHaveLength(200);
      expect(new Set(partoo).size).toBe(200);
    }
  });

  test('are 200 at most, by lists and aliases of each kind', async () => {
    const query = `query($a: [InvitationRef!]!, $b: [InvitationRef!]!) {
      a: invitations(refs: $a) { status }
      b: invitations(refs: $b) { status }
      ${many(8, (n) => `r${n}: reviewInvitation(invitationId: "alias-${n}") { status }`)}
      ${many(4, (n) => `s${n}: smartInvite(smartInviteId: "alias-${n}") { status }`)}
      last: reviewInvitation(invitationId: "alias-0") { status }
    }`;
    for (const _ of [1, 2, 3]) {
      const answer = await gateway.query(query, { a: refs(95, 'aliases'), b: refs(95, 'aliases', 95) });
      expect(refused(answer)).toEqual(['s2', 's3']);
    }
    const { partoo, cronofy } = gateway.takeCalls();
    expect([partoo.length, cronofy.length]).toEqual([198, 2]);
  });

  test('count once, however often and in whatever way each is named', async () => {
    const ids = await gateway.query(
      '{ invitation(ref: { reviewInvitation: { invitationId: "review-sent" } }) { id } }',
    );
    const { id } = ids.data.invitation;
    const query = `query${LIST} {
      ${list('a')} ${list('b')} ${list('c')} again: invitations(refs: $a, maxAgeSeconds: 60) { id status }
      node(id: "${id}") { id } last: reviewInvitation(invitationId: "review-sent") { status }
    }`;
    for (const _ of [1, 2, 3]) {
      const asked = {
        a: refs(100, 'same'),
        b: refs(99, 'same', 100),
        c: [{ id }, review('review-sent'), ...refs(98, 'same')],
      };
      const answer = await gateway.query(query, asked);
      expect(refused(answer)).toEqual([]);
      expect(answer.data.last).toEqual({ status: 'PENDING' });
    }
    const same = gateway.takeCalls().partoo.filter((target) => target.includes('same-'));
    expect([same.length, new Set(same).size]).toEqual([199, 199]);
  });

  test('that are refused remove no known answer from memory', async () => {
    await gateway.query('{ reviewInvitation(invitationId: "review-delivered") { status } }');
    const query = `query${LIST} { ${list('a')} ${list('b')} ${list('c')} }`;
    const asked = {
      a: refs(100, 'known'),
      b: refs(100, 'known', 100),
      c: [review('review-delivered'), review('known-0')],
    };
    const answer = await gateway.query(query, asked);
    expect(refused(answer)).toEqual(['c.0']);
    const { data } = await gateway.query('{ reviewInvitation(invitationId: "review-delivered") { status } }');
    expect(data).toEqual({ reviewInvitation: { status: 'DELIVERED' } });
  });
});
