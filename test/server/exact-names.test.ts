// An id is what was sent, or the request is refused: no number that JSON has rounded, no bytes that are no text, no
// second value of one parameter may make it another one. A refused request causes no upstream call.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { BAD_INPUT, NOTHING, REVIEW, requestsTo } from './refused.ts';
import { openSocket } from './socket-client.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

const { post, get, expectRefused, expectRefusedRaw } = requestsTo(() => gateway);

describe('an id that is a number which JSON does not hold exactly is refused', () => {
  const NUMBERS = [
    ...[
      '9007199254740993',
      '-9007199254740993',
      '9007199254740992',
      '12345678901234567890',
      '1e21',
      '1E+400',
      '-1e400',
    ],
    ...['-0', '-0.0', '-0e1', '0.5', '9007199254740991.5'],
  ];
  /** Whole when they have been read, and not before. */
  const ROUNDED = ['0.99999999999999999999', '4711.00000000000000000001', '4503599627370497.5', '1e-400'];

  const PLACES: readonly [place: string, query: string, variables: (number: string) => string][] = [
    ['a variable', REVIEW, (number) => `{"id":${number}}`],
    ['a ref', 'query($ref: InvitationRef!) { invitation(ref: $ref) { id } }', (number) => `{"ref":{"id":${number}}}`],
    [
      'a ref within a list',
      'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }',
      (number) => `{"refs":[{"smartInvite":{"smartInviteId":"a"}},{"reviewInvitation":{"invitationId":${number}}}]}`,
    ],
    ['a list of ids', 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', (number) => `{"ids":["a",${number}]}`],
    ['the place of a list', 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', (number) => `{"ids":${number}}`],
  ];

  describe.each(PLACES)('in %s', (_, query, variablesOf) => {
    const expectUnfit = (errors: unknown) => {
      expect(errors).toMatchObject([{ extensions: BAD_INPUT }]);
      expect(JSON.stringify(errors)).not.toMatch(/9007199254740|1234567890|e\+|Infinity|4711|45035996/);
      expect(gateway.takeCalls()).toEqual(NOTHING);
    };

    test.each([...NUMBERS, ...ROUNDED])('%s', async (number) => {
      const variables = variablesOf(number);
      for (const _ of [1, 2, 3]) {
        const response = await post(`{"query":${JSON.stringify(query)},"variables":${variables}}`);
        const { data, errors } = (await response.json()) as { data?: unknown; errors: unknown };
        expect(data).toBeUndefined();
        expectUnfit(errors);
      }
      const url = new URL(`${gateway.origin}/graphql`);
      url.search = String(new URLSearchParams({ query, variables }));
      expectUnfit(((await (await fetch(url)).json()) as { errors: unknown }).errors);
      const { socket, outcomeOf } = await openSocket(gateway.origin);
      const payload = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
      socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`);
      const [outcome] = await outcomeOf('1');
      expectUnfit(outcome?.payload.errors ?? outcome?.payload);
    });
  });

  test('also beside what is nested so deep that numbers cannot be looked at', async () => {
    const deep = '['.repeat(30_000) + ']'.repeat(30_000);
    const payload = `{"query":${JSON.stringify(REVIEW)},"variables":{"id":4503599627370497.5,"more":${deep}}}`;
    expect((await post(payload)).status).toBe(400);
    // A URL is shorter: numbers can be looked at there, or cannot, and none is read as another.
    const shorter = '['.repeat(7_000) + ']'.repeat(7_000);
    const variables = `{"id":4503599627370497.5,"more":${shorter}}`;
    expect(await get(`/graphql?query=${encodeURIComponent(REVIEW)}&variables=${variables}`, 'host: gateway')).toContain(
      'BAD_USER_INPUT',
    );
    const { socket, closed } = await openSocket(gateway.origin);
    socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`);
    expect(await closed).toBe(4400);
    expect(gateway.takeCalls()).toEqual(NOTHING);
  });

  test('but what is nested as deep harms nothing where no number has to be looked at', async () => {
    const deep = '['.repeat(45_000) + ']'.repeat(45_000);
    const payload = `{"query":${JSON.stringify(REVIEW)},"variables":{"id":"review-sent","more":${deep}}}`;
    const found = { data: { reviewInvitation: { invitationId: 'review-sent' } } };
    expect(await (await post(payload)).json()).toEqual(found);
    const { socket, outcomeOf } = await openSocket(gateway.origin);
    socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`);
    expect((await outcomeOf('1'))[0]?.payload).toEqual(found);
  });

  test('an id that is a number which JSON holds exactly is accepted, and so is a text or a literal of any length', async () => {
    const ids = ['815', '1600', '9007199254740991', '-12'];
    for (const id of ids) {
      gateway.sandbox.partoo.put({ invitation_id: id, status: 'SENT' });
      const response = await post(`{"query":${JSON.stringify(REVIEW)},"variables":{"id":${id}}}`);
      expect(await response.json()).toEqual({ data: { reviewInvitation: { invitationId: id } } });
    }
    const long = '900719925474099312345678901234567890';
    gateway.sandbox.partoo.put({ invitation_id: long, status: 'SENT' });
    const found = { status: 200, data: { reviewInvitation: { invitationId: long } } };
    expect(await gateway.query(REVIEW, { id: long })).toEqual(found);
    for (const _ of [1, 2, 3]) {
      expect(await gateway.query(`{ reviewInvitation(invitationId: ${long}) { invitationId } }`)).toEqual(found);
    }
  });
});

describe('bytes that are not UTF-8', () => {
  const bodyWith = (bytes: readonly number[]) => {
    const [before = '', after = ''] = JSON.stringify({ query: REVIEW, variables: { id: 'a|b' } }).split('|');
    return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
  };

  test.each([
    ['a byte that UTF-8 never has', [0xff]],
    ['Latin-1', [0xe9]],
    ['a character that is cut off', [0xe2, 0x82]],
    ['an overlong encoding', [0xc0, 0xaf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character beyond the last one', [0xf4, 0x90, 0x80, 0x80]],
  ])('are refused in a body: %s', async (_, bytes) => {
    await expectRefused(await post(bodyWith(bytes)), 400);
  });

  test('are refused in a body of UTF-16', async () => {
    const utf16 = Buffer.from(`\ufeff${JSON.stringify({ query: '{ __typename }' })}`, 'utf16le');
    await expectRefused(await post(utf16), 400);
  });

  test('do not include any valid UTF-8 text', async () => {
    gateway.sandbox.partoo.put({ invitation_id: 'a\u00e9\u{1f389}b', status: 'SENT' });
    const response = await post(bodyWith([0xc3, 0xa9, 0xf0, 0x9f, 0x8e, 0x89]));
    expect(await response.json()).toEqual({ data: { reviewInvitation: { invitationId: 'a\u00e9\u{1f389}b' } } });
  });

  test.each(['%FF', '%E9', '%C3', '%C0%AF', '%ED%A0%80', '%', '%E', '%GG', '\xff', '\xe9', '\xc3\xa9'])(
    'are refused in a URL: %j',
    async (bytes) => {
      const query = encodeURIComponent(`{ reviewInvitation(invitationId: "a|b") { status } }`).replace('%7C', bytes);
      expectRefusedRaw(await get(`/graphql?query=${query}`, 'host: gateway'), 400);
      const variables = encodeURIComponent('{"id":"a|b"}').replace('%7C', bytes);
      const target = `/graphql?query=${encodeURIComponent(REVIEW)}&variables=${variables}`;
      expectRefusedRaw(await get(target, 'host: gateway'), 400);
    },
  );
});

describe('a URL parameter that is given twice is refused', () => {
  const query = `query=${encodeURIComponent(REVIEW)}`;
  const variables = (id: string) => `variables=${encodeURIComponent(JSON.stringify({ id }))}`;

  test.each([
    ['query', `${query}&${query}&${variables('a')}`],
    ['query, under an encoded name', `${query}&%71uery=${encodeURIComponent('{ __typename }')}&${variables('a')}`],
    ['variables', `${query}&${variables('a')}&${variables('b')}`],
    ['variables, once empty', `${query}&variables=&${variables('b')}`],
    ['variables, once without a value', `${query}&variables&${variables('b')}`],
    ['operationName', `${query}&${variables('a')}&operationName=&operationName=Other`],
    ['extensions', `${query}&${variables('a')}&extensions={}&extensions={}`],
    ['documentId', `${variables('a')}&documentId=a&documentId=b`],
  ])('%s', async (_, parameters) => {
    await expectRefused(await fetch(`${gateway.origin}/graphql?${parameters}`), 400);
  });

  test('an unknown URL parameter may be given twice', async () => {
    const answer = await fetch(`${gateway.origin}/graphql?${query}&${variables('review-sent')}&utm=1&utm=2`);
    expect(await answer.json()).toEqual({ data: { reviewInvitation: { invitationId: 'review-sent' } } });
  });
});
