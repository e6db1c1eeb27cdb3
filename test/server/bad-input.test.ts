// What a caller may get wrong, from the bytes of the request to the values in it: each gets its own answer before any
// provider is called, and none of them hears its own words again, here, in the log or in a span.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

const CANARY = 'canary-4711';
const JSON_TYPE = { 'content-type': 'application/json' };
const ALIVE = JSON.stringify({ query: '{ __typename }' });

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ absentFromSpans: [CANARY] });
});
beforeEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

function post(body: BodyInit, headers: Record<string, string> = JSON_TYPE): Promise<Response> {
  return fetch(`${gateway.origin}/graphql`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
}

/** Whatever was wrong: nothing was called, nothing is repeated, and the next request is answered. */
async function expectUnharmed(answer: string): Promise<void> {
  expect(answer).not.toContain(CANARY);
  expect(gateway.log.join('')).not.toContain(CANARY);
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  expect(await (await post(ALIVE)).json()).toEqual({ data: { __typename: 'Query' } });
}

describe('values', () => {
  const LIST = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
  const NODES = 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }';
  const ONE = 'query($ref: InvitationRef!, $age: Int) { invitation(ref: $ref, maxAgeSeconds: $age) { id } }';
  const REVIEW = 'query($id: ID!, $age: Int) { reviewInvitation(invitationId: $id, maxAgeSeconds: $age) { id } }';
  const INVITE = `query($id: ID!, $email: String, $age: Int, $at: CronofyDataCenter) {
    smartInvite(smartInviteId: $id, recipientEmail: $email, maxAgeSeconds: $age, dataCenter: $at) { id }
  }`;
  const review = (invitationId: string) => ({ reviewInvitation: { invitationId } });
  const LONG = CANARY.repeat(1_000);

  const faults: [string, string, object][] = [
    ['101 refs', LIST, { refs: Array.from({ length: 101 }, (_, n) => review(`${CANARY}-${n}`)) }],
    ['101 ids', NODES, { ids: Array.from({ length: 101 }, (_, n) => `${CANARY}-${n}`) }],
    ['no refs', LIST, { refs: [] }],
    ['no ids', NODES, { ids: [] }],
    ['an empty id', REVIEW, { id: '' }],
    ['an empty id in a ref', ONE, { ref: review('') }],
    ['an empty id in a list', LIST, { refs: [review('')] }],
    ['an empty id of an invite', INVITE, { id: '', email: CANARY }],
    ['an empty address', INVITE, { id: CANARY, email: '' }],
    ['a long id', REVIEW, { id: LONG }],
    ['a long id of an invite', INVITE, { id: LONG }],
    ['a long address', INVITE, { id: CANARY, email: LONG }],
    ['a line break', REVIEW, { id: `${CANARY}\r\nX: y` }],
    ['a NUL', INVITE, { id: `${CANARY}\u0000` }],
    [
      'a control character in an address',
      ONE,
      { ref: { smartInvite: { smartInviteId: 'a', recipientEmail: `${CANARY}\u0085` } } },
    ],
    ['half a surrogate pair', REVIEW, { id: `${CANARY}\ud800` }],
    ['a negative age of a review invitation', REVIEW, { id: CANARY, age: -1 }],
    ['a negative age of an invite', INVITE, { id: CANARY, age: -1 }],
    ['a negative age of an invitation', ONE, { ref: review(CANARY), age: -1 }],
    ['two names in one ref', ONE, { ref: { id: CANARY, smartInvite: { smartInviteId: CANARY } } }],
    ['no name in a ref', ONE, { ref: {} }],
    ['null for a name', ONE, { ref: { id: null } }],
    ['two names in one ref of a list', LIST, { refs: [{ id: CANARY, ...review(CANARY) }] }],
    ['an unknown name in a ref', ONE, { ref: { nope: CANARY } }],
    ['a text for a ref', ONE, { ref: CANARY }],
    ['an object for an id', REVIEW, { id: { nope: CANARY } }],
    ['a text for a number', REVIEW, { id: 'a', age: CANARY }],
    ['an unknown data center', INVITE, { id: 'a', at: CANARY }],
    ['a variable that is missing', REVIEW, {}],
  ];

  // From its second time on a text is compiled; that must not make it laxer. So each fault has a text of its own.
  test.each(faults)('%s gives BAD_USER_INPUT, the first time and every time after', async (fault, query, variables) => {
    for (const _ of [1, 2, 3]) {
      const { errors = [], data } = await gateway.query(`${query} # ${fault}`, variables);
      expect(errors.length).toBeGreaterThan(0);
      for (const { extensions } of errors) expect(extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
      await expectUnharmed(JSON.stringify([errors, data ?? null]));
    }
  });

  test('a value that is nested deeper than the stack gives BAD_USER_INPUT', async () => {
    const deep = `${'['.repeat(45_000)}"${CANARY}"${']'.repeat(45_000)}`;
    const response = await post(`{"query":${JSON.stringify(REVIEW)},"variables":{"id":${deep}}}`);
    expect(response.status).toBe(200);
    const answer = await response.text();
    expect(JSON.parse(answer).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
    await expectUnharmed(answer);
  });

  test('one bad ref fails alone, and its siblings are answered', async () => {
    const { data, errors } = await gateway.query(LIST, { refs: [review(''), review('review-sent'), review(LONG)] });
    expect(data.invitations).toEqual([null, { id: expect.any(String) }, null]);
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['invitations', 0], 'BAD_USER_INPUT'],
      [['invitations', 2], 'BAD_USER_INPUT'],
    ]);
    expect(gateway.takeCalls().partoo).toHaveLength(1);
  });
});

describe('operations', () => {
  test.each([
    ['an unknown field', '{ nope }'],
    ['an unknown argument', '{ node(nope: 1) { id } }'],
    ['two names in one ref', '{ invitation(ref: { id: "a", reviewInvitation: { invitationId: "a" } }) { id } }'],
    ['a mutation', 'mutation { send }'],
    ['a mutation of what every type has', 'mutation { __typename }'],
    ['an unknown keyword', 'nonsense { id }'],
    ['a syntax error', '{ node(id: "a") { id }'],
    ['no operation', 'fragment F on Node { id }'],
    ['an empty text', ''],
  ])('%s is refused, the first time and every time after', async (_, query) => {
    for (const _ of [1, 2, 3]) {
      const { data, errors = [] } = await gateway.query(query);
      expect(data ?? null).toBeNull();
      expect(errors.length).toBeGreaterThan(0);
      for (const { extensions } of errors) {
        expect(extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED)$/);
      }
      await expectUnharmed(JSON.stringify(errors));
    }
  });
});

test.each([
  `{ smartInvite(smartInviteId: "x" "${CANARY}") { id } }`,
  `{ smartInvite(smartInviteId: "x" """${CANARY}""") { id } }`,
  `{ smartInvite(smartInviteId: "${CANARY} { id } }`,
])('a text in the wrong place is refused and not repeated: %s', async (query) => {
  const { errors = [] } = await gateway.query(query);
  expect(errors[0]?.message).toMatch(/^Syntax Error: /);
  expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  await expectUnharmed(JSON.stringify(errors));
});

describe('bodies', () => {
  const form = () => {
    const data = new FormData();
    data.set('operations', JSON.stringify({ query: `{ ${CANARY} }` }));
    return data;
  };
  const big = CANARY.repeat(101 * 100);
  const chunked = () => new Blob([big]).stream();

  test.each<[string, number, () => Promise<Response>]>([
    ['JSON that is cut', 400, () => post(`{"query":"{ ${CANARY} }`)],
    ['text that is not JSON', 400, () => post(CANARY)],
    ['nothing', 400, () => post('')],
    ['an array', 400, () => post(JSON.stringify(Array(101).fill({ query: `{ ${CANARY} }` })))],
    ['a JSON text', 400, () => post(JSON.stringify(CANARY))],
    ['null', 400, () => post('null')],
    ['no query', 400, () => post(JSON.stringify({ text: CANARY }))],
    ['a query that is not a string', 400, () => post(JSON.stringify({ query: { [CANARY]: CANARY } }))],
    ['variables that are not an object', 400, () => post(JSON.stringify({ query: '{ a }', variables: [CANARY] }))],
    ['plain text', 415, () => post(`{ ${CANARY} }`, { 'content-type': 'text/plain' })],
    ['a form', 415, () => post(new URLSearchParams({ query: CANARY }), {})],
    ['a multipart form', 415, () => post(form(), {})],
    ['no content type', 415, () => post(new Blob([CANARY]), {})],
    ['101 KB', 413, () => post(big)],
    ['101 KB in chunks', 413, () => post(chunked())],
  ])('%s: %i', async (_, status, send) => {
    const response = await send();
    const answer = await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/json/);
    expect(JSON.parse(answer).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    await expectUnharmed(answer);
  });

  test.each([
    ['chunks', 'transfer-encoding: chunked\r\n\r\n20\r\n{"query":"{ '],
    ['a body shorter than announced', 'content-length: 1000\r\n\r\n{"query":"{ '],
    ['a chunk with an invalid size', 'transfer-encoding: chunked\r\n\r\nzz\r\n'],
  ])('a request with %s that is cut off leaves the server alive', async (_, rest) => {
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const { hostname, port } = new URL(gateway.origin);
      const socket = connect(Number(port), hostname);
      const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.on('error', () => undefined);
      const head = 'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n';
      socket.write(`${head}${rest}${CANARY}`, () => socket[leave]());
      const answer = leave === 'end' ? await text(socket).catch(() => '') : '';
      await gone;
      await expectUnharmed(answer);
    }
  });
});

test.each([
  'text/html,application/json',
  'text/html, application/xhtml+xml, */*;q=0.8',
  'application/json',
  'application/graphql-response+json, application/json;q=0.9',
  '*/*',
])('a POST that accepts %s is answered with JSON', async (accept) => {
  const response = await post(ALIVE, { ...JSON_TYPE, accept });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json; charset=utf-8$/);
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
});

test.each(['image/png', 'text/html'])('a POST that accepts only %s: 406', async (accept) => {
  const response = await post(ALIVE, { ...JSON_TYPE, accept });
  expect(response.status).toBe(406);
  await expectUnharmed(await response.text());
});

test('an answer has its content-length in bytes, whatever text is in it', async () => {
  gateway.sandbox.partoo.put({ invitation_id: 'invité-招待', status: 'SENT' });
  const response = await post(
    JSON.stringify({ query: '{ reviewInvitation(invitationId: "invité-招待") { invitationId } }' }),
  );
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(JSON.parse(bytes.toString())).toEqual({ data: { reviewInvitation: { invitationId: 'invité-招待' } } });
});
