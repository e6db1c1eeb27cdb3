// What every answer, good or bad, tells caches and browsers; and what it does not tell of the server.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { rawRequest } from './raw-request.ts';

const EVENTS = { accept: 'text/event-stream' };
const JSON_TYPE = { accept: 'application/json' };
const QUERY = '{ reviewInvitation(invitationId: "review-sent") { status } }';
const SUBSCRIPTION =
  'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-delivered" } }]) { status } }';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const searchOf = (query: string) => String(new URLSearchParams({ query }));

describe('every answer forbids caches to store it, and browsers to guess its type', () => {
  const POST = 'POST';
  const JSON_BODY = { 'content-type': 'application/json' };
  const one = searchOf(QUERY);

  const ANSWERS: readonly [name: string, status: number, ask: () => Promise<Response>][] = [
    ['a GET', 200, () => ask(`/graphql?${one}`)],
    ['a GET of another type', 200, () => ask(`/graphql?${one}`, { accept: 'application/graphql-response+json' })],
    ['a GET of events', 200, () => ask(`/graphql?${one}`, EVENTS)],
    ['a POST', 200, () => ask('/graphql', JSON_BODY, POST, { query: QUERY })],
    [
      'a POST answered with events',
      200,
      () => ask('/graphql', { ...JSON_BODY, ...EVENTS }, POST, { query: SUBSCRIPTION }),
    ],
    ['an operation with errors', 200, () => ask('/graphql', JSON_BODY, POST, { query: '{ nothing }' })],
    [
      'an operation that is refused',
      400,
      () =>
        ask('/graphql', { ...JSON_BODY, accept: 'application/graphql-response+json' }, POST, { query: '{ nothing }' }),
    ],
    ['an invalid body', 400, () => ask('/graphql', JSON_BODY, POST, 'nothing')],
    ['a GET without parameters', 400, () => ask('/graphql')],
    ['a navigation to a query', 403, () => navigate(`/graphql?${one}`)],
    ['another path', 404, () => ask('/nothing')],
    ['another method', 405, () => ask('/graphql', {}, 'PUT')],
    ['a type that the gateway does not give', 406, () => ask(`/graphql?${one}`, { accept: 'image/png' })],
    ['a subscription without events', 406, () => ask(`/graphql?${searchOf(SUBSCRIPTION)}`, JSON_TYPE)],
    ['a body that is too large', 413, () => ask('/graphql', JSON_BODY, POST, { query: 'x'.repeat(103_000) })],
    ['a body of another type', 415, () => ask('/graphql', { 'content-type': 'text/plain' }, POST, QUERY)],
    ['a notification for an unknown provider', 404, () => ask('/webhooks/nobody', JSON_BODY, POST, {})],
    ['a notification that is not signed', 401, () => ask('/webhooks/cronofy', JSON_BODY, POST, {})],
    ['the liveness check', 200, () => ask('/health')],
    ['the readiness check', 200, () => ask('/ready')],
  ];

  function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body?: unknown): Promise<Response> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(gateway.origin + path, { method, headers, ...sent });
  }

  // `fetch` sends no such headers.
  async function navigate(path: string): Promise<Response> {
    const { status = 0, headers, body } = await rawRequest(gateway.origin + path, { 'sec-fetch-mode': 'navigate' });
    return new Response(new Uint8Array(body), { status, headers: headers as HeadersInit });
  }

  test.each(ANSWERS)('%s: %i', async (_, status, answer) => {
    const response = await answer();
    await response.text();
    expect(response.status).toBe(status);
    const headers = Object.fromEntries(response.headers);
    expect(headers['cache-control']).toMatch(/^no-store\b/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-type']).toMatch(/; charset=utf-8$/);
    for (const name of ['x-powered-by', 'server', 'etag', 'last-modified', 'set-cookie'])
      expect(headers).not.toHaveProperty(name);
  });
});
