// What one operation gives weighs four megabytes at most, however it is asked for: what goes beyond fails in its place,
// and everything before it is given.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GraphQLAnswer, startTestGateway, type TestGateway } from '../harness.ts';
import { many } from './many.ts';
import { openSocket } from './socket-client.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
const EVENT = { start: { time: '2030-05-02', tzid: 'Etc/UTC' }, end: { time: '2030-05-03', tzid: 'Etc/UTC' } };
const DESCRIPTION = 'x'.repeat(200 * KILOBYTE);
const RECIPIENTS = [{ email: 'one@example.org', status: 'pending' }];
const COMMENT = 'y'.repeat(100);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { cronofy } = gateway.sandbox;
  for (let n = 0; n < 100; n++) cronofy.put({ smart_invite_id: `page-${n}`, recipients: RECIPIENTS, event: EVENT });
  cronofy.put({ smart_invite_id: 'heavy', recipients: RECIPIENTS, event: { ...EVENT, description: DESCRIPTION } });
  cronofy.put({
    smart_invite_id: 'crowd',
    recipients: RECIPIENTS,
    replies: Array.from({ length: 1_000 }, (_, n) => ({
      email: `g${n}@example.org`,
      status: 'accepted',
      comment: COMMENT,
    })),
    event: EVENT,
  });
});
afterAll(() => gateway.stop());

/** Nothing is in both an answer and its errors; and the whole is about as heavy as may be. */
function expectWithin(answer: GraphQLAnswer, places: readonly string[]): void {
  const { data, errors = [] } = answer;
  expect(
    errors.map(({ path }) => path?.join('.')),
    errors[0]?.message,
  ).toEqual(places);
  for (const { message, extensions } of errors) {
    expect(message).toContain('4 MB');
    expect(extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
  }
  expect(JSON.stringify(data).length).toBeLessThan(4.5 * MEGABYTE);
}

describe('an ICS of 200 KB', () => {
  const ICS = 'attachments { icalendar }';
  const aliases = (of: (n: number) => string) => many(40, (n) => `a${n}: ${of(n)} { ...I }`);
  const FRAGMENT = `fragment I on SmartInvite { ${ICS} }`;

  /** As many as fit, and then none. */
  function expectFirst(answer: GraphQLAnswer, count: number, of: number, placeOf: (n: number) => string): void {
    expectWithin(
      answer,
      Array.from({ length: of - count }, (_, n) => placeOf(n + count)),
    );
  }

  test.each([
    ['literals', `{ ${aliases(() => 'smartInvite(smartInviteId: "heavy")')} } ${FRAGMENT}`],
    ['a variable', `query($id: ID!) { ${aliases(() => 'smartInvite(smartInviteId: $id)')} } ${FRAGMENT}`],
    ['a variable for a ref', `query($ref: InvitationRef!) { ${aliases(() => 'invitation(ref: $ref)')} } ${FRAGMENT}`],
  ])('under forty aliases by %s is given twenty times', async (_, query) => {
    const variables = { id: 'heavy', ref: { smartInvite: { smartInviteId: 'heavy' } } };
    for (const _ of [1, 2, 3]) {
      const answer = await gateway.query(query, variables);
      expectFirst(answer, 20, 40, (n) => `a${n}`);
      expect(answer.data.a19.attachments.icalendar.length).toBeGreaterThan(200 * KILOBYTE);
      expect(answer.data.a20).toBeNull();
    }
  });

  test.each([
    [
      'a literal list',
      `{ invitations(refs: [${many(40, () => '{ smartInvite: { smartInviteId: "heavy" } }')}]) { ...I } }`,
    ],
    ['a list by a variable', 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ...I } }'],
  ])('named forty times in %s is given twenty times', async (_, query) => {
    const refs = Array(40).fill({ smartInvite: { smartInviteId: 'heavy' } });
    for (const _ of [1, 2, 3]) {
      const answer = await gateway.query(`${query} ${FRAGMENT}`, { refs });
      expectFirst(answer, 20, 40, (n) => `invitations.${n}`);
      expect(answer.data.invitations[19].attachments.icalendar.length).toBeGreaterThan(200 * KILOBYTE);
    }
  });

  test('under aliases of its field is refused as a whole, and a small invitation beside it is given', async () => {
    const query = `{
      light: smartInvite(smartInviteId: "crowd") { smartInviteId }
      heavy: smartInvite(smartInviteId: "heavy") { attachments { ${many(21, (n) => `a${n}: icalendar`)} } }
      spread: smartInvite(smartInviteId: "heavy") { ${many(21, (n) => `b${n}: attachments { icalendar }`)} }
      after: smartInvite(smartInviteId: "heavy") { smartInviteId }
    }`;
    for (const _ of [1, 2, 3]) {
      const answer = await gateway.query(query);
      expectWithin(answer, ['heavy', 'spread']);
      expect(answer.data).toEqual({
        light: { smartInviteId: 'crowd' },
        heavy: null,
        spread: null,
        after: { smartInviteId: 'heavy' },
      });
    }
  });

  test('counts where it is selected, and not where it is skipped', async () => {
    const query = `query($want: Boolean!) { ${aliases(() => 'smartInvite(smartInviteId: "heavy")')} }
      fragment I on SmartInvite { smartInviteId attachments @include(if: $want) { icalendar } }`;
    for (const _ of [1, 2, 3]) {
      expectFirst(await gateway.query(query, { want: true }), 20, 40, (n) => `a${n}`);
      expectWithin(await gateway.query(query, { want: false }), []);
    }
  });

  test('counts as much over a WebSocket', async () => {
    const { subscribe, outcomeOf } = await openSocket(gateway.origin);
    subscribe('1', { query: `{ ${aliases(() => 'smartInvite(smartInviteId: "heavy")')} } ${FRAGMENT}` });
    const [outcome] = await outcomeOf('1');
    expectFirst({ status: 200, ...outcome?.payload }, 20, 40, (n) => `a${n}`);
  });

  test('that was never read before counts as much as a known one', async () => {
    gateway.sandbox.cronofy.put({
      smart_invite_id: 'new',
      recipients: RECIPIENTS,
      event: { ...EVENT, description: DESCRIPTION },
    });
    const query = `{ ${aliases(() => 'smartInvite(smartInviteId: "new")')} } ${FRAGMENT}`;
    expectFirst(await gateway.query(query), 20, 40, (n) => `a${n}`);
    expectFirst(await gateway.query(query), 20, 40, (n) => `a${n}`);
  });
});

describe('a description of 200 KB', () => {
  test('counts as much as an ICS', async () => {
    const aliases = many(21, (n) => `a${n}: smartInvite(smartInviteId: "heavy") { event { description } }`);
    for (const _ of [1, 2, 3]) expectWithin(await gateway.query(`{ ${aliases} }`), ['a20']);
  });
});

describe('the weight of a text is its length in the answer', () => {
  test.each([
    ['of characters that JSON escapes', '\u0001'],
    ['of quotes', '"'],
    ['of three bytes a character', '\u62db'],
    ['of four bytes a character', '\u{1f389}'],
  ])('%s', async (name, character) => {
    const description = character.repeat(30_000);
    gateway.sandbox.cronofy.put({ smart_invite_id: name, recipients: RECIPIENTS, event: { ...EVENT, description } });
    const aliases = many(120, (n) => `a${n}: smartInvite(smartInviteId: $id) { event { description } }`);
    for (const _ of [1, 2, 3]) {
      const answer = await gateway.query(`query($id: ID!) { ${aliases} }`, { id: name });
      expect(answer.data.a0.event.description).toBe(description);
      expect(Buffer.byteLength(JSON.stringify(answer.data))).toBeLessThan(4.5 * MEGABYTE);
    }
  });
});

describe('1,000 replies', () => {
  const within = (count: number) => many(count, (n) => `r${n}: replies { email status comment rawStatus }`);

  test('are refused as a whole under many aliases, and given under few', async () => {
    for (const _ of [1, 2, 3]) {
      const { data, errors } = await gateway.query(`{ smartInvite(smartInviteId: "crowd") { ${within(10)} } }`);
      expect(errors).toBeUndefined();
      expect(data.smartInvite.r9).toHaveLength(1_000);
      const answer = await gateway.query(`{ smartInvite(smartInviteId: "crowd") { ${within(40)} } }`);
      expectWithin(answer, ['smartInvite']);
      expect(answer.data.smartInvite).toBeNull();
    }
  });

  test('count with the key that each of them has in the answer', async () => {
    const answer = await gateway.query(
      `{ smartInvite(smartInviteId: "crowd") { replies { ${'k'.repeat(5_000)}: status } } }`,
    );
    expectWithin(answer, ['smartInvite']);
    expect(answer.data.smartInvite).toBeNull();
  });

  test.each([
    [
      'by aliases',
      `{ ${many(60, (n) => `a${n}: smartInvite(smartInviteId: "crowd") { ...R }`)} }`,
      (n: number) => `a${n}`,
    ],
    [
      'in a list',
      'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ...R } }',
      (n: number) => `invitations.${n}`,
    ],
  ])('repeated %s are given up to the limit, and refused beyond it', async (_, query, placeOf) => {
    const refs = Array(60).fill({ smartInvite: { smartInviteId: 'crowd' } });
    for (const _ of [1, 2, 3]) {
      const { data, errors = [] } = await gateway.query(
        `${query} fragment R on SmartInvite { replies { email status comment } }`,
        { refs },
      );
      const places = errors.map(({ path }) => path?.join('.'));
      expect(places.length).toBeGreaterThan(20);
      expect(places.length).toBeLessThan(50);
      expectWithin(
        { status: 200, data, errors },
        Array.from({ length: places.length }, (_, n) => placeOf(60 - places.length + n)),
      );
      expect(JSON.stringify(data).length).toBeGreaterThan(2 * MEGABYTE);
    }
  });
});

describe('a key of 90 KB', () => {
  const KEY = 'k'.repeat(90_000);
  const refs = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ smartInvite: { smartInviteId: `page-${n}` } }));

  function expectRefused({ data, errors }: GraphQLAnswer): void {
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toMatch(/^The answer would weigh \d+ bytes by its fields .* and 4194304 is the most/);
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
  }

  test('counts for each invitation of each page: what cannot fit is refused before it is run', async () => {
    const query = `query($refs: [InvitationRef!]!) { ${many(141, (n) => `a${n}: invitations(refs: $refs) { ...K }`)} }
      fragment K on Invitation { ${KEY}: id }`;
    for (const _ of [1, 2, 3]) {
      expectRefused(await gateway.query(query, { refs: refs(100) }));
      expectRefused(await gateway.query(query, { refs: [] }));
    }
  });

  test('is given as often as it fits', async () => {
    const query = `query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ${KEY}: id } }`;
    for (const _ of [1, 2, 3]) {
      expectRefused(await gateway.query(query, { refs: refs(47) }));
      const answer = await gateway.query(query, { refs: refs(46) });
      expectWithin(answer, []);
      expect(answer.data.invitations[45][KEY]).toBeTypeOf('string');
    }
  });

  test('counts for each reply, and what is too heavy by it fails in its place', async () => {
    for (const _ of [1, 2, 3]) {
      const answer = await gateway.query(
        `{ a: smartInvite(smartInviteId: "crowd") { replies { ${KEY}: email } } b: smartInvite(smartInviteId: "page-1") { smartInviteId } }`,
      );
      expectWithin(answer, ['a']);
      expect(answer.data).toEqual({ a: null, b: { smartInviteId: 'page-1' } });
    }
  });

  test('counts for each type, field and provider that the gateway tells of', async () => {
    for (const query of [
      `{ __schema { types { fields { ${KEY}: name } } } }`,
      `{ ${many(40, (n) => `a${n}: providers { ...K }`)} } fragment K on ProviderStatus { ${KEY}: circuit }`,
    ])
      for (const _ of [1, 2, 3]) expectRefused(await gateway.query(query));
    const { data } = await gateway.query(`{ providers { ${KEY}: circuit } }`);
    expect(data.providers[0][KEY]).toBe('CLOSED');
  });

  test('long texts of the schema count as long as they are', async () => {
    const query = `{ ${many(80, (n) => `a${n}: __type(name: "__Type") { ...D }`)} }
      fragment D on __Type { ${many(150, (n) => `d${n}: description`)} }`;
    expectRefused(await gateway.query(query));
  });
});
