// What is refused comes in the media type that the caller takes: Apollo Client shows no message out of another one.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { rawRequest } from './raw-request.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { TRUSTED_PROXIES: '127.0.0.1' } });
});
afterAll(() => gateway.stop());

interface Request {
  readonly method?: string;
  readonly search?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const JSON_BODY = { 'content-type': 'application/json' };
const SUBSCRIPTION = 'subscription { invitationChanged(refs: [{ id: "a" }]) { id } }';

const REFUSED: [string, number, Request][] = [
  ['a body that is not JSON', 400, { headers: JSON_BODY, body: '{' }],
  ['a body that is no object', 400, { headers: JSON_BODY, body: '1' }],
  ['a body without a query', 400, { headers: JSON_BODY, body: '{}' }],
  ['a list of operations', 400, { headers: JSON_BODY, body: '[{}]' }],
  ['a list of no operations', 400, { headers: JSON_BODY, body: '[]' }],
  ['a document that does not fit the schema', 400, { headers: JSON_BODY, body: '{"query":"{ nope }"}' }],
  ['a document with a mistake', 400, { headers: JSON_BODY, body: '{"query":"{"}' }],
  ['a body that is too large', 413, { headers: JSON_BODY, body: ' '.repeat(200_000) }],
  ['a body of another type', 415, { headers: { 'content-type': 'text/plain' }, body: '{}' }],
  ['a compressed body', 415, { headers: { ...JSON_BODY, 'content-encoding': 'gzip' }, body: '{}' }],
  ['a subscription without events', 406, { headers: JSON_BODY, body: JSON.stringify({ query: SUBSCRIPTION }) }],
  ['another method', 405, { method: 'PUT' }],
  ['parameters that name no query', 400, { method: 'GET' }],
  ['variables that are not JSON', 400, { method: 'GET', search: '?query={__typename}&variables=x' }],
  ['a GET of another site', 403, { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } }],
  ['an address with a port', 400, { method: 'GET', headers: { 'x-forwarded-for': '203.0.113.1:1' } }],
  ['a host that is none', 400, { method: 'GET', headers: { host: 'a b' } }],
];

describe.each(REFUSED)('%s', (_, status, { method = 'POST', search = '', headers = {}, body }) => {
  test.each([
    ['application/graphql-response+json', 'application/graphql-response+json'],
    ['application/graphql-response+json,application/json;q=0.9', 'application/graphql-response+json'],
  ])('is refused to a caller that takes %s as %s', async (accept, type) => {
    const url = `${gateway.origin}/graphql${search}`;
    const answer = await rawRequest(url, { ...headers, accept }, method, body);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, `${type}; charset=utf-8`]);
    const [told] = [JSON.parse(answer.body.toString())].flat();
    expect(told).toEqual({ errors: [expect.objectContaining({ message: expect.any(String) })] });
  });

  test('is refused to a caller that takes JSON as JSON', async () => {
    const answer = await rawRequest(`${gateway.origin}/graphql${search}`, { ...headers, accept: '*/*' }, method, body);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });
});
