// Documents that are made to cost are refused by the limit that they break, with its figure, before anything is read; and
// what is within the limits is answered.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { many } from './many.ts';
import { openSocket } from './socket-client.ts';

const BAD_INPUT = { code: 'BAD_USER_INPUT', retryable: false };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

/** Refused by each transport, as often as it is asked for, for one reason. */
async function expectRefused(query: string, message: RegExp, variables: object = {}): Promise<void> {
  const { socket, subscribe, outcomeOf } = await openSocket(gateway.origin);
  for (const id of ['1', '2', '3']) {
    const { data, errors } = await gateway.query(query, variables);
    expect(data).toBeUndefined();
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(message), extensions: BAD_INPUT }),
    ]);
    subscribe(id, { query, variables });
    expect(await outcomeOf(id)).toEqual([{ id, type: 'error', payload: errors }]);
  }
  socket.terminate();
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
}

/** Fragments that spread each other under so many aliases a level. */
function aliasesTimesFragments(
  root: string,
  fields: readonly [type: string, field: string][],
  leaf: string,
  count: number,
) {
  const fragments = fields.map(([type, field], n) => {
    const isLast = n === fields.length - 1;
    return `fragment F${n} on ${type} { ${many(count, (a) => `a${a}:${field}${isLast ? leaf : `{...F${n + 1}}`}`)} }`;
  });
  return `{ ${root}{...F0} } ${fragments.join(' ')}`;
}

const FIELDS = /^The operation has [\d.e+]+ fields, .*25000 is the most/;

describe('fragments under aliases', () => {
  const INVITE: [string, string][] = [
    ['SmartInvite', 'replies'],
    ['SmartInviteReply', 'proposal'],
    ['Proposal', 'start'],
    ['EventTime', 'date'],
  ];

  test('five levels deep over invitations that do not exist are refused at once', async () => {
    const aliases = many(40, (a) => `r${a}:smartInvite(smartInviteId:"n"){...F0}`);
    const query = aliasesTimesFragments('x', INVITE, '', 40).replace('x{...F0}', aliases);
    expect(query.length).toBeLessThan(5_000);
    await expectRefused(query, FIELDS);
  });

  test('within variables are refused before the variables are checked', async () => {
    const query = aliasesTimesFragments('smartInvite(smartInviteId: $id)', INVITE, '', 40);
    await expectRefused(`query($id: ID!) ${query}`, FIELDS, { id: 'n' });
    await expectRefused(`query Unfit($id: ID!) ${query}`, FIELDS, { id: {} });
  });

  test('over providers and their quota are refused', async () => {
    const fields: [string, string][] = [
      ['Query', 'providers'],
      ['ProviderStatus', 'quota'],
      ['QuotaStatus', 'limit'],
    ];
    const query = aliasesTimesFragments('x', fields, '', 95).replace('x{...F0}', '...F0');
    expect(query.length).toBeLessThan(5_000);
    await expectRefused(query, FIELDS);
  });

  test('that double at every level are refused, however many levels there are', async () => {
    const levels = many(300, (n) => `fragment F${n} on Query{...F${n + 1} ...F${n + 1}}`);
    await expectRefused(`{...F0} ${levels} fragment F300 on Query{__typename}`, /2000 tokens|25000 is the most/);
    const fewer = many(100, (n) => `fragment F${n} on Query{...F${n + 1} ...F${n + 1}}`);
    await expectRefused(`{...F0} ${fewer} fragment F100 on Query{__typename}`, FIELDS);
  });

  test('that spread themselves are refused', async () => {
    await expectRefused('{...F} fragment F on Query{...F}', /within itself/);
    await expectRefused(
      '{...F} fragment F on Query{...G} fragment G on Query{providers{provider} ...F}',
      /within itself/,
    );
  });

  test('are refused in an operation beside the selected one', async () => {
    const query = `query Good { __typename } query Bad ${aliasesTimesFragments('smartInvite(smartInviteId:"n")', INVITE, '', 40)}`;
    await expectRefused(query, FIELDS);
  });

  test('are refused in a subscription, over events too', async () => {
    const fragments = aliasesTimesFragments('invitationChanged(refs: [{ id: "n" }])', INVITE, '', 40);
    const query = `subscription ${fragments}`;
    await expectRefused(query, FIELDS);
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    expect(await response.text()).toMatch(/25000 is the most/);
  });
});

describe('depth', () => {
  const ofType = (levels: number) =>
    `{ __type(name: "Query") ${'{ ofType '.repeat(levels)}{ name }${' }'.repeat(levels)} }`;

  test.each([
    ['fields', '{a'.repeat(12_000) + '}'.repeat(12_000)],
    ['inline fragments', `${'{...'.repeat(12_000)}{__typename}${'}'.repeat(12_000)}`],
    ['lists', `{ invitations(refs: ${'['.repeat(12_000)}${']'.repeat(12_000)}) { id } }`],
    ['objects', `{ invitation(ref: ${'{id:'.repeat(12_000)}1${'}'.repeat(12_000)}) { id } }`],
    ['types', `query($a: ${'['.repeat(12_000)}ID${']'.repeat(12_000)}) { __typename }`],
  ])('of 12,000 %s is refused by the number of tokens, or by the stack of the parser', async (_, query) => {
    await expectRefused(query, /^The document (has more than 2000 tokens|is nested too deep): ask for less at once\.$/);
  });

  test.each([
    ['fields', '{a'.repeat(660) + '}'.repeat(660), /^The operation is 660 fields deep, and 20 is the most/],
    ['lists', `{ invitations(refs: ${'['.repeat(900)}${']'.repeat(900)}) { id } }`, /./],
    ['objects', `{ invitation(ref: ${'{id:'.repeat(480)}1${'}'.repeat(480)}) { id } }`, /./],
    ['types', `query($a: ${'['.repeat(900)}ID${']'.repeat(900)}) { __typename }`, /./],
  ])('of hundreds of %s, within that number, is refused too', async (_, query, message) => {
    await expectRefused(query, message);
  });

  test('of 21 fields is refused, and of 20 answered', async () => {
    await expectRefused(ofType(19), /^The operation is 21 fields deep, and 20 is the most/);
    expect((await gateway.query(ofType(18))).errors).toBeUndefined();
  });

  test('of a fragment counts from the place where it is spread', async () => {
    const fragment = `fragment F on __Type ${'{ ofType '.repeat(10)}{ name }${' }'.repeat(10)}`;
    const within = (levels: number) =>
      `{ __type(name: "Query") ${'{ ofType '.repeat(levels)}{ ...F }${' }'.repeat(levels)} } ${fragment}`;
    await expectRefused(within(9), /^The operation is 21 fields deep/);
    expect((await gateway.query(within(8))).errors).toBeUndefined();
  });
});

describe('tokens', () => {
  const tokens = (count: number) =>
    `{ ${many(count - 2, (n) => (n % 3 === 0 ? `a${n}` : n % 3 === 1 ? ':' : '__typename'))} }`;

  test('are refused when there are 2,001, and accepted when there are 2,000', async () => {
    await expectRefused(tokens(2_003), /^The document has more than 2000 tokens: /);
    const { data, errors } = await gateway.query(tokens(2_000));
    expect(errors).toBeUndefined();
    expect(Object.keys(data)).toHaveLength(666);
  });

  test('are refused when they fill 100 KB', async () => {
    await expectRefused(`{${'a,'.repeat(40_000)}}`, /^The document has more than 2000 tokens: /);
  });

  test('of one repeated field are one field', async () => {
    const query = `{ ${'__typename '.repeat(1_990)} }`;
    expect(await gateway.query(query)).toEqual({ status: 200, data: { __typename: 'Query' } });
  });

  test('of one repeated field and one field more are refused with a fitting message', async () => {
    const query = `{ ${'__typename '.repeat(1_980)} __typename @include(if: true) }`;
    await expectRefused(query, /^The document takes too long to check: /);
  });

  test('are not counted in 90 KB of comments and blanks', async () => {
    const query = `# ${'x'.repeat(45_000)}\n{${' '.repeat(45_000)}__typename }`;
    for (const _ of [1, 2, 3])
      expect(await gateway.query(query)).toEqual({ status: 200, data: { __typename: 'Query' } });
  });
});

describe('a document above 100 KB', () => {
  const query = `{ __typename } # ${'x'.repeat(100 * 1024)}`;

  test('is refused over HTTP, and the message names the limit', async () => {
    const { status, errors } = await gateway.query(query);
    expect(status).toBe(413);
    expect(errors).toEqual([{ message: expect.stringContaining('102400 bytes'), extensions: BAD_INPUT }]);
  });

  test('closes its own WebSocket, and no other', async () => {
    const [one, other] = [await openSocket(gateway.origin), await openSocket(gateway.origin)];
    one.subscribe('1', { query });
    expect(await one.closed).toBe(1009);
    other.subscribe('1', { query: '{ __typename }' });
    expect(await other.outcomeOf('1')).toEqual([
      { id: '1', type: 'next', payload: { data: { __typename: 'Query' } } },
      { id: '1', type: 'complete' },
    ]);
  });
});
