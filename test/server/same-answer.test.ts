// What a prepared operation answers is what graphql-js answers, the first time and every time after, whatever its
// @include and @skip say. The reference runs the published schema over plain objects, and knows nothing of the gateway.

import { readFileSync } from 'node:fs';
import { buildSchema, type ExecutionResult, execute, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

type Variables = Readonly<Record<string, unknown>>;

const FORMER = { start: { time: '2020-05-02', tzid: 'Etc/UTC' }, end: { time: '2020-05-03', tzid: 'Etc/UTC' } };
const GUESTS = ['ann@example.org', 'bob@example.org'];

const SMART_INVITE = {
  __typename: 'SmartInvite',
  provider: 'CRONOFY',
  status: 'PENDING',
  isFinal: true,
  isStale: false,
  smartInviteId: 'party',
  recipient: null,
  recipients: GUESTS.map((email) => ({
    email,
    status: 'PENDING',
    rawStatus: 'pending',
    comment: null,
    proposal: null,
  })),
  replies: [],
  event: { summary: 'Party', description: null, start: { dateTime: null, date: '2020-05-02', timeZone: 'Etc/UTC' } },
};
const REVIEW_INVITATION = {
  __typename: 'ReviewInvitation',
  provider: 'PARTOO',
  status: 'PENDING',
  isFinal: false,
  isStale: false,
  invitationId: 'sent',
  deliveryStatus: 'SENT',
  rawStatus: 'SENT',
};

const reference = buildSchema(readFileSync('schema.graphql', 'utf8'));
const rootValue = {
  smartInvite: SMART_INVITE,
  reviewInvitation: REVIEW_INVITATION,
  invitations: [SMART_INVITE, REVIEW_INVITATION, null],
};

/** What graphql-js gives; of what it cannot run, errors alone. */
function expected(query: string, variableValues: Variables): ExecutionResult {
  const document = parse(query);
  const errors = validate(reference, document);
  if (errors.length > 0) return { errors };
  const result = execute({ schema: reference, document, rootValue, variableValues });
  if (result instanceof Promise) throw new TypeError('nothing in the reference waits');
  return result;
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const recipients = GUESTS.map((email) => ({ email, status: 'pending' }));
  gateway.sandbox.cronofy.put({ smart_invite_id: 'party', recipients, event: { ...FORMER, summary: 'Party' } });
  gateway.sandbox.partoo.put({ invitation_id: 'sent', status: 'SENT' });
});
afterAll(() => gateway.stop());

/** Data to the letter, the order of fields included; and errors in the same places. */
async function expectSame(query: string, variables: Variables): Promise<void> {
  const { data, errors } = await gateway.query(query, variables);
  const wanted = expected(query, variables);
  const asked = `${query} ${JSON.stringify(variables)}`;
  expect(JSON.stringify(data ?? null), asked).toBe(JSON.stringify(wanted.data ?? null));
  expect(
    errors?.map(({ path }) => path),
    asked,
  ).toEqual(wanted.errors?.map(({ path }) => path));
}

const INVITE = 'smartInvite(smartInviteId: "party")';
const LIST = `invitations(refs: [
  { smartInvite: { smartInviteId: "party" } }, { reviewInvitation: { invitationId: "sent" } }
  { reviewInvitation: { invitationId: "nobody" } }
])`;

const FORMS: readonly [name: string, selection: string, fragments: string][] = [
  [
    'two fragments that spread a third',
    `${INVITE} { ...H @include(if: $a) ...F @include(if: $b) }`,
    `fragment H on SmartInvite { ...S } fragment F on SmartInvite { ...S } fragment S on SmartInvite { status isFinal }`,
  ],
  [
    'one fragment spread twice',
    `${INVITE} { ...S @include(if: $a) ...S @include(if: $b) }`,
    'fragment S on SmartInvite { status isFinal }',
  ],
  [
    'a fragment beside one that spreads it',
    `${INVITE} { ...H @include(if: $a) ...S @skip(if: $b) }`,
    'fragment H on SmartInvite { isStale ...S } fragment S on SmartInvite { status isFinal }',
  ],
  [
    'the same fields, in inline fragments',
    `${INVITE} { ... @include(if: $a) { status isFinal } ... on SmartInvite @include(if: $b) { isFinal status } }`,
    '',
  ],
  [
    'the same field, with and without a condition',
    `${INVITE} { status @include(if: $a) smartInviteId status @skip(if: $b) isFinal @include(if: $b) @skip(if: $a) }`,
    '',
  ],
  [
    'objects that are merged',
    `${INVITE} { event @include(if: $a) { summary start { date } } event @include(if: $b) { start { timeZone } } }`,
    '',
  ],
  [
    'fragments of an object within fragments',
    `${INVITE} { ...H @include(if: $a) ...F @include(if: $b) event { ...E @skip(if: $a) } }`,
    `fragment H on SmartInvite { event { ...E } } fragment F on SmartInvite { event { start { date } ...E } }
     fragment E on SmartInviteEvent { summary start { timeZone } }`,
  ],
  [
    'fragments of the entries of a list',
    `${INVITE} { recipients { ...H @include(if: $a) ...F @include(if: $b) } }`,
    `fragment H on SmartInviteReply { ...S } fragment F on SmartInviteReply { email ...S }
     fragment S on SmartInviteReply { status rawStatus }`,
  ],
  [
    'fragments on interfaces',
    `${LIST} { __typename ...H @include(if: $a) ...F @skip(if: $b) }`,
    `fragment H on Invitation { ...S ... on ReviewInvitation { deliveryStatus } } fragment F on Invitation { ...S }
     fragment S on Invitation { status isFinal ... on SmartInvite { smartInviteId } }`,
  ],
  [
    'fragments on the types of an interface',
    `${LIST} { ...H @include(if: $a) ...F @include(if: $b) }`,
    `fragment H on SmartInvite { event { summary } ...S } fragment F on ReviewInvitation { deliveryStatus ...S }
     fragment S on Invitation { provider isStale }`,
  ],
  [
    'fragments of the root',
    '...H @include(if: $a) ...F @include(if: $b)',
    `fragment H on Query { ...S } fragment F on Query { ...S again: reviewInvitation(invitationId: "sent") { status } }
     fragment S on Query { ${INVITE} { status isFinal } }`,
  ],
  [
    'aliases that are named like fields',
    `${INVITE} { ...H @include(if: $a) ...F @include(if: $b) }`,
    `fragment H on SmartInvite { status: isFinal ...S } fragment F on SmartInvite { ...S status: isFinal }
     fragment S on SmartInvite { isFinal: status __proto__: smartInviteId constructor: __typename }`,
  ],
];

const CHOICES = [
  { a: true, b: true },
  { a: true, b: false },
  { a: false, b: true },
  { a: false, b: false },
];

describe('an operation with @include and @skip by variables gives the answer of graphql-js', () => {
  test.each(FORMS)('of %s: four choices, asked four times each', async (_, selection, fragments) => {
    const query = `query($a: Boolean!, $b: Boolean!) { ${selection} } ${fragments}`;
    for (const _ of [1, 2, 3, 4]) for (const choice of CHOICES) await expectSame(query, choice);
  });

  test.each(FORMS)('of %s: each choice four times before the next', async (_, selection, fragments) => {
    const query = `query Again($a: Boolean!, $b: Boolean!) { ${selection} } ${fragments}`;
    for (const choice of CHOICES.toReversed()) for (const _ of [1, 2, 3, 4]) await expectSame(query, choice);
  });

  test('with defaults, given or left out, and null for a non-null condition', async () => {
    const query = `query($a: Boolean = true, $b: Boolean! = false) {
      ${INVITE} { ...H @include(if: $a) ...H @skip(if: $b) event { summary @include(if: $a) } }
    } fragment H on SmartInvite { status }`;
    const choices = [
      {},
      { a: false },
      { b: true },
      { a: false, b: true },
      { a: null },
      { b: null },
      { a: 1 },
      { b: 'no' },
    ];
    for (const _ of [1, 2, 3, 4]) for (const choice of choices) await expectSame(query, choice);
  });

  test('that stand in another operation of the document have no effect', async () => {
    const query = `query One($a: Boolean!) { ${INVITE} { ...S @include(if: $a) isStale } }
      query Other($b: Boolean!) { ${INVITE} { ...S @skip(if: $b) smartInviteId } } fragment S on SmartInvite { status }`;
    const ask = async (operationName: string, variables: Variables) => {
      const response = await fetch(`${gateway.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, operationName, variables }),
      });
      return response.json();
    };
    for (const _ of [1, 2, 3, 4]) {
      expect(await ask('One', { a: false })).toEqual({ data: { smartInvite: { isStale: false } } });
      expect(await ask('Other', { b: false })).toEqual({
        data: { smartInvite: { status: 'PENDING', smartInviteId: 'party' } },
      });
      expect(await ask('One', { a: true, b: true })).toEqual({
        data: { smartInvite: { status: 'PENDING', isStale: false } },
      });
      expect(await ask('Other', { a: true, b: true })).toEqual({ data: { smartInvite: { smartInviteId: 'party' } } });
    }
  });
});

describe('more conditions than an operation keeps plans for', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const query = `query(${NAMES.map((name) => `$${name}: Boolean!`).join(' ')}) {
    ${LIST} {
      ...A @include(if: $a) ...B @skip(if: $b)
      ... on SmartInvite { event @include(if: $c) { summary } recipients @skip(if: $d) { email status @include(if: $a) } }
    }
  }
  fragment A on Invitation { ...S isStale } fragment B on Invitation { ...S provider }
  fragment S on Invitation { status ... on SmartInvite { event { start { date @include(if: $d) timeZone } } } }`;
  const choices = Array.from({ length: 16 }, (_, n) =>
    Object.fromEntries(NAMES.map((name, bit) => [name, (n & (1 << bit)) !== 0])),
  );

  test('give the same answer every time, in whatever order they come', async () => {
    for (const choice of [...choices, ...choices.toReversed(), ...choices, ...choices]) await expectSame(query, choice);
  });

  test('give the same answer to concurrent callers', async () => {
    await Promise.all([...choices, ...choices, ...choices, ...choices].map((choice) => expectSame(query, choice)));
  });

  test('read the ICS exactly when it is selected', async () => {
    const asking = `query Files(${NAMES.map((name) => `$${name}: Boolean!`).join(' ')}) {
      ${INVITE} { ...A @include(if: $a) attachments @skip(if: $b) { __typename ...I @include(if: $c) } }
    }
    fragment A on SmartInvite { attachments @include(if: $d) { ...I } } fragment I on SmartInviteAttachments { icalendar }`;
    for (const choice of [...choices, ...choices.toReversed()]) {
      const { a, b, c, d } = choice;
      const { data, errors } = await gateway.query(asking, choice);
      expect(errors).toBeUndefined();
      const isSelected = (a && d) || (!b && c);
      const text = data.smartInvite.attachments?.icalendar;
      expect(text, JSON.stringify(choice)).toEqual(isSelected ? expect.stringContaining('SUMMARY:Party') : undefined);
    }
  });
});
