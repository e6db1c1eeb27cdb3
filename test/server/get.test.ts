// GET /graphql: what a URL asks for is answered as a POST is, in whichever form the caller takes; and what it lacks is
// refused, without a word of it repeated.

import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { subscribeTo } from '../live/subscriber.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

const CANARY = 'guest@example.org';
const EVENTS = { accept: 'text/event-stream' };
const JSON_TYPE = { accept: 'application/json' };
const QUERY = '{ reviewInvitation(invitationId: "review-sent") { status } }';
const ANSWER = { data: { reviewInvitation: { status: 'PENDING' } } };
const SUBSCRIPTION =
  'subscription Live { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-delivered" } }]) { status } }';
const ENDLESS = SUBSCRIPTION.replace('review-delivered', 'review-sent');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    absentFromSpans: [CANARY],
    environment: { FRESH_SECONDS: '600', REVALIDATE_SECONDS: '600' },
  });
  await gateway.query(QUERY);
  gateway.takeCalls();
});
afterEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

const get = (search: string, headers: Record<string, string> = {}, method = 'GET') =>
  rawRequest(`${gateway.origin}/graphql?${search}`, headers, method);
const searchOf = (parameters: Record<string, string>) => String(new URLSearchParams(parameters));
const jsonOf = ({ body }: RawAnswer) => JSON.parse(body.toString());

/** The results in a stream of events that has completed. */
function eventsOf({ body }: RawAnswer): unknown[] {
  expect(body.toString()).toMatch(/event: complete\ndata:\n\n$/);
  return [...body.toString().matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
}

describe('empty parameters count as absent', () => {
  const EMPTY = ['&variables=&operationName=', '&variables&operationName', '&variables=&extensions=&documentId='];

  test.each(EMPTY)('in a query: %s', async (more) => {
    const answer = await get(searchOf({ query: QUERY }) + more, JSON_TYPE);
    expect(answer.status).toBe(200);
    expect(jsonOf(answer)).toEqual(ANSWER);
  });

  test.each(EMPTY)('in a query that is answered with events: %s', async (more) => {
    const answer = await get(searchOf({ query: QUERY }) + more, EVENTS);
    expect(eventsOf(answer)).toEqual([ANSWER]);
    expect(answer.headers['x-accel-buffering']).toBe('no');
  });

  test.each(EMPTY)('in a subscription: %s', async (more) => {
    const answer = await get(searchOf({ query: SUBSCRIPTION }) + more, EVENTS);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    expect(eventsOf(answer)).toEqual([{ data: { invitationChanged: { status: 'DELIVERED' } } }]);
  });

  test.each(['', 'query=', 'query', 'query=&documentId=', 'variables=%7B%7D', 'operationName=A'])(
    'so that a request without a query gets 400: %j',
    async (search) => {
      for (const headers of [JSON_TYPE, EVENTS, {}]) expect((await get(search, headers)).status).toBe(400);
    },
  );
});

describe('parameters work as in a POST', () => {
  test('for variables and an operation name', async () => {
    const query = `query A($id: ID!) { reviewInvitation(invitationId: $id) { status } } query B { __typename }`;
    const variables = JSON.stringify({ id: 'review-sent' });
    expect(jsonOf(await get(searchOf({ query, variables, operationName: 'A' })))).toEqual(ANSWER);
    const named = await get(searchOf({ query, operationName: 'B' }), { accept: 'application/graphql-response+json' });
    expect([named.status, jsonOf(named)]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  test('for a hash, over events too', async () => {
    const sha256Hash = createHash('sha256').update(QUERY).digest('hex');
    const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash } });
    const first = jsonOf(await get(searchOf({ extensions })));
    expect(first.errors[0].extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(jsonOf(await get(searchOf({ query: QUERY, extensions })))).toEqual(ANSWER);
    expect(eventsOf(await get(searchOf({ extensions }), EVENTS))).toEqual([ANSWER]);
  });
});

describe('variables that are cut off are refused without repeating them', () => {
  test.each([
    ['in a text', `{"e":"${CANARY}`],
    ['behind a text', `{"e":"${CANARY}"`],
    ['before they begin', '{'],
    ['in a word', `{"e":"${CANARY}","x":tru`],
    ['and begin anew', `{"e":"${CANARY}"}{"e":"${CANARY}"}`],
    ['of their object', `"${CANARY}"`],
    ['of a list', `["${CANARY}"]`],
  ])('%s', async (_, variables) => {
    for (const headers of [JSON_TYPE, EVENTS, {}]) {
      const answer = await get(searchOf({ query: 'query($e: String) { __typename }', variables }), headers);
      expect(answer.status).toBe(400);
      expect(jsonOf(answer).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
      expect(answer.body.toString()).not.toContain(CANARY);
    }
    const extended = await get(searchOf({ query: QUERY, extensions: variables }));
    expect([extended.status, extended.body.toString().includes(CANARY)]).toEqual([400, false]);
    expect(gateway.log).toEqual([]);
  });
});

describe('a subscription of a caller that does not accept events', () => {
  const search = searchOf({ query: ENDLESS });
  const TAKES = [
    ...['application/json', 'application/graphql-response+json', 'multipart/mixed', '*/*', 'image/png'],
    'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json',
  ];

  // Ten streams are what one caller may have.
  test.each(TAKES)('is refused with 406 by GET, however often it comes, and uses no stream: %s', async (accept) => {
    for (let n = 0; n < 12; n++) {
      const { status, headers } = await get(search, { accept });
      expect(status).toBe(406);
      const type = accept === 'application/graphql-response+json' ? accept : 'application/json';
      expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    }
    const stream = subscribeTo(gateway.origin, [{ reviewInvitation: { invitationId: 'review-sent' } }]);
    expect(await stream.first(1)).toMatchObject([{ invitation: { status: 'PENDING' } }]);
    stream.leave();
    // What is watched would be read; and what is known is not read for that.
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test.each(TAKES)('is refused with 406 by POST too: %s', async (accept) => {
    for (let n = 0; n < 12; n++) {
      const response = await fetch(`${gateway.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query: ENDLESS }),
      });
      expect(response.status).toBe(406);
    }
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test('is refused where it is HEAD, and uses no stream', async () => {
    for (let n = 0; n < 12; n++) {
      const { status, headers } = await get(search, EVENTS, 'HEAD');
      expect([status, headers.allow]).toEqual([405, 'GET, POST']);
    }
    const stream = subscribeTo(gateway.origin, [{ reviewInvitation: { invitationId: 'review-sent' } }]);
    expect(await stream.first(1)).toMatchObject([{ invitation: { status: 'PENDING' } }]);
  });
});
