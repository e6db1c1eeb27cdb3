// GETs that pages of other sites make a browser send: no page of another origin can run an operation, unless its origin
// is allowed. Clients outside browsers and our own pages are not restricted.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { rawRequest } from './raw-request.ts';

const APP = 'https://app.example.com';
const EVIL = 'https://evil.example.com';

const QUERY = '{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { status } }';
const SUBSCRIPTION =
  'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-delivered" } }]) { status } }';

const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';
const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { CORS_ORIGINS: APP } });
});
afterAll(() => gateway?.stop());
beforeEach(() => void gateway.takeCalls());

function get(parameters: Record<string, string>, headers: Record<string, string>, method = 'GET') {
  return rawRequest(`${gateway.origin}/graphql?${new URLSearchParams(parameters)}`, headers, method);
}

/** The headers of Fetch Metadata, as a browser sends them. */
const from = (site: string, mode: string) => ({ 'sec-fetch-site': site, 'sec-fetch-mode': mode });

describe('a GET is refused, and no provider is called', () => {
  const REFUSED: [string, Record<string, string>][] = [
    ['an image or a script of another site', { accept: '*/*', ...from('cross-site', 'no-cors') }],
    ['an image or a script of a sibling site', { accept: '*/*', ...from('same-site', 'no-cors') }],
    ['a fetch of another site', { accept: JSON_TYPE, origin: EVIL, ...from('cross-site', 'cors') }],
    ['a fetch of a sibling site', { accept: JSON_TYPE, origin: EVIL, ...from('same-site', 'cors') }],
    ['a fetch of a sandboxed frame', { accept: JSON_TYPE, origin: 'null', ...from('cross-site', 'cors') }],
    ['the name of an allowed site and more', { origin: `${APP}.evil.example`, ...from('cross-site', 'cors') }],
    ['a link of another site', { accept: HTML, ...from('cross-site', 'navigate') }],
    ['a link of our own page', { accept: HTML, ...from('same-origin', 'navigate') }],
    ['a typed URL', { accept: HTML, ...from('none', 'navigate') }],
    ['a form of an allowed site', { accept: HTML, origin: APP, ...from('cross-site', 'navigate') }],
    ['a navigation that takes JSON', { accept: JSON_TYPE, ...from('none', 'navigate') }],
  ];

  test.each(REFUSED)('from %s', async (_, headers) => {
    const { status, headers: answered, body } = await get({ query: QUERY }, headers);
    expect(status).toBe(403);
    expect(answered['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(body.toString())).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT', retryable: false } }],
    });
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test.each([
    ['a subscription', { query: SUBSCRIPTION }],
    ['the hash of a query', { extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash: 'a' } }) }],
    ['the id of a document', { documentId: 'a' }],
  ])('with %s', async (_, parameters) => {
    const headers = { accept: EVENTS, ...from('cross-site', 'cors'), origin: EVIL };
    expect((await get(parameters, headers)).status).toBe(403);
    expect((await get(parameters, { accept: HTML, ...from('cross-site', 'navigate') })).status).toBe(403);
    expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });
});

describe('a GET is answered', () => {
  test.each([
    ['a client that is not a browser', {}],
    ['a client without a specific Accept header', { accept: '*/*' }],
    ['our own page', { accept: JSON_TYPE, ...from('same-origin', 'cors') }],
    ['a page of an allowed site', { accept: JSON_TYPE, origin: APP, ...from('cross-site', 'cors') }],
    ['a page of an allowed sibling site', { accept: JSON_TYPE, origin: APP, ...from('same-site', 'cors') }],
    ['an extension of the browser', { accept: JSON_TYPE, ...from('none', 'cors') }],
    ['a browser without Fetch Metadata', { accept: JSON_TYPE, origin: EVIL }],
  ])('to %s', async (_, headers) => {
    const { status, body } = await get({ query: QUERY }, headers);
    expect(status).toBe(200);
    expect(JSON.parse(body.toString())).toEqual({ data: { reviewInvitation: { status: 'PENDING' } } });
    expect(gateway.takeCalls().partoo).toHaveLength(1);
  });

  test('to our own page behind a proxy that ends TLS', async () => {
    const headers = {
      host: 'gateway.internal',
      origin: 'https://gateway.internal',
      ...from('same-site', 'cors'),
    };
    expect((await get({ query: QUERY }, headers)).status).toBe(200);
  });

  test('with events, to the EventSource of a page of an allowed site', async () => {
    const headers = { accept: EVENTS, origin: APP, ...from('cross-site', 'cors') };
    const { status, body } = await get({ query: SUBSCRIPTION }, headers);
    expect(status).toBe(200);
    expect(body.toString()).toContain('"status":"DELIVERED"');
  });

  test.each(['none', 'same-origin', 'same-site', 'cross-site'])(
    'with the GraphiQL page, to a visitor that opens it: %s',
    async (site) => {
      const { status, headers } = await get({}, { accept: HTML, ...from(site, 'navigate') });
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
    },
  );
});

test('a POST from another site is not checked here: its preflight has failed before', async () => {
  const response = await fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE, origin: EVIL, 'sec-fetch-site': 'cross-site' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  expect(response.status).toBe(200);
});
