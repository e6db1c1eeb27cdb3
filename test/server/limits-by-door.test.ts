// Each limit of what an operation asks for, by every door: it is refused with the same words, and nothing is read. That a
// body, a URL or a message is too long is told by each transport in its way: document-limits.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { DOORS } from './doors.ts';
import { many } from './many.ts';
import { NOTHING } from './refused.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const review = (n: number) => ({ reviewInvitation: { invitationId: `review-${n}` } });
const refs = Array.from({ length: 101 }, (_, n) => review(n));
const PAGE = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
const CIRCLE = `${'fields { type { '.repeat(4)}name${' } }'.repeat(4)}`;

const LIMITS: readonly [limit: string, message: RegExp, payload: object][] = [
  ['tokens', /^The document has more than 2000 tokens: /, { query: `{ ${'a '.repeat(2_001)}}` }],
  [
    'depth',
    /^The operation is 21 fields deep, and 20 is the most/,
    { query: `{ __type(name: "Query") ${'{ ofType '.repeat(19)}{ name }${' }'.repeat(19)} }` },
  ],
  [
    'fields',
    /^The operation has [\d.e+]+ fields, .*25000 is the most/,
    {
      query: `{ ...F0 } ${many(30, (n) => `fragment F${n} on Query{...F${n + 1} ...F${n + 1}}`)} fragment F30 on Query{__typename}`,
    },
  ],
  [
    'fields of a list that a variable names',
    /25000 is the most/,
    {
      query: `query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ${many(300, (n) => `a${n}: id`)} } }`,
      variables: { refs: refs.slice(0, 100) },
    },
  ],
  ['what the schema tells of itself', /100000 is the most/, { query: `{ __schema { types { ${CIRCLE} } } }` }],
  ['fragments within themselves', /within itself/, { query: '{...F} fragment F on Query{...F}' }],
  [
    'the time that a check takes',
    /^The document takes too long to check: /,
    { query: `{ node(id: "x") { ${'id '.repeat(1_980)} id @include(if: true) } }` },
  ],
  ['refs', /has 101 entries: give 1 to 100, /, { query: PAGE, variables: { refs } }],
  [
    'ids',
    /has 101 entries: give 1 to 100, /,
    { query: 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: Array(101).fill('x') } },
  ],
];

const OF_EVENTS: typeof LIMITS = [
  [
    'refs of a subscription',
    /has 101 entries: give 1 to 100, /,
    { query: 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id } }', variables: { refs } },
  ],
];

describe.each(DOORS)('by $name', ({ name, ask, isWebSocket }) => {
  const hasEvents = isWebSocket || name.endsWith('for events');

  test.each(hasEvents ? [...LIMITS, ...OF_EVENTS] : LIMITS)('a limit holds: %s', async (_, message, payload) => {
    // Prepared anew, and known.
    for (const _ of [1, 2, 3]) {
      const { body } = await ask(gateway.origin, undefined, payload);
      expect(body.data ?? null).toBeNull();
      expect(body.errors).toEqual([
        expect.objectContaining({
          message: expect.stringMatching(message),
          extensions: { code: 'BAD_USER_INPUT', retryable: false },
        }),
      ]);
    }
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });
});
