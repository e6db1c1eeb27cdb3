// Which pages may call the gateway from a browser: those of CORS_ORIGINS, and no page without it.

import { afterEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/settings.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const APP = 'https://app.example.com';
const ADMIN = 'https://admin.example.com:8443';

let gateway: TestGateway | undefined;
afterEach(() => gateway?.stop());

async function start(corsOrigins?: string, corsHeaders?: string): Promise<TestGateway> {
  gateway = await startTestGateway({ environment: { CORS_ORIGINS: corsOrigins, CORS_HEADERS: corsHeaders } });
  return gateway;
}

function ask({ origin: gatewayOrigin }: TestGateway, origin?: string): Promise<Response> {
  return fetch(`${gatewayOrigin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(origin === undefined ? {} : { origin }) },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
}

function preflight({ origin: gatewayOrigin }: TestGateway, origin: string): Promise<Response> {
  return fetch(`${gatewayOrigin}/graphql`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
}

function allowances(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
}

function listOf(response: Response, header: string): string[] {
  return (response.headers.get(header) ?? '').toLowerCase().split(/\s*,\s*/);
}

/** What a page of any allowed origin may send, CORS_HEADERS or not. */
const USUAL_HEADERS = [
  'content-type',
  'authorization',
  'apollographql-client-name',
  'apollographql-client-version',
  'apollo-require-preflight',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-request-id',
];

describe('without CORS_ORIGINS', () => {
  test('no page gets a permission', async () => {
    const started = await start();
    expect(allowances(await ask(started, APP))).toEqual([]);
    expect(allowances(await preflight(started, APP))).toEqual([]);
    expect(allowances(await fetch(`${started.origin}/health`, { headers: { origin: APP } }))).toEqual([]);
  });

  test('a caller outside a browser is answered', async () => {
    const response = await ask(await start(), APP);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('with CORS_ORIGINS', () => {
  test.each([APP, ADMIN])('a page of %s reads the answer, by its own origin, never by a wildcard', async (origin) => {
    const response = await ask(await start(`${APP}, ${ADMIN}`), origin);
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(listOf(response, 'vary')).toContain('origin');
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  test('a preflight allows GET and POST with the headers of clients and of tracing, and no other headers', async () => {
    const response = await preflight(await start(APP), APP);
    expect(response.ok).toBe(true);
    expect(response.headers.get('access-control-allow-origin')).toBe(APP);
    expect(listOf(response, 'access-control-allow-methods')).toEqual(['get', 'post']);
    expect(listOf(response, 'access-control-allow-headers')).toEqual(USUAL_HEADERS);
    expect(await response.text()).toBe('');
  });

  test('a page may read the request id and Retry-After', async () => {
    const response = await ask(await start(APP), APP);
    expect(listOf(response, 'access-control-expose-headers')).toEqual(['x-request-id', 'retry-after']);
  });

  test('a page may read errors too, also the refusal of a body', async () => {
    const started = await start(APP);
    const response = await fetch(`${started.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: APP },
      body: '{',
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBe(APP);
  });

  test('credentials such as cookies are not allowed', async () => {
    const started = await start(APP);
    for (const response of [await ask(started, APP), await preflight(started, APP)]) {
      expect(response.headers.has('access-control-allow-credentials')).toBe(false);
    }
  });

  test.each([
    'https://evil.example.com',
    'http://app.example.com',
    'https://app.example.com:444',
    'https://app.example.com.evil.example',
    'null',
  ])('a page of %s gets no permission', async (origin) => {
    const started = await start(APP);
    for (const response of [await ask(started, origin), await preflight(started, origin)]) {
      expect(allowances(response)).toEqual([]);
      // Or a cache between would give this answer to a page that is allowed.
      expect(listOf(response, 'vary')).toContain('origin');
    }
  });

  test('a caller without an origin is answered without CORS headers', async () => {
    const response = await ask(await start(APP));
    expect(response.status).toBe(200);
    expect(allowances(response)).toEqual([]);
  });
});

describe('CORS_HEADERS', () => {
  test('are headers that a preflight allows in addition, each of them once', async () => {
    const started = await start(APP, 'X-Tenant, authorization,x-tenant , x-b3-traceid');
    const response = await preflight(started, APP);
    expect(listOf(response, 'access-control-allow-headers')).toEqual([...USUAL_HEADERS, 'x-tenant', 'x-b3-traceid']);
  });

  test('allow no header to a page of another origin', async () => {
    expect(allowances(await preflight(await start(APP, 'x-tenant'), ADMIN))).toEqual([]);
  });

  test('are empty by default', () => {
    expect(readSettings({}).corsHeaders).toEqual([]);
  });

  test.each([
    'x tenant',
    'x-tenant:',
    'x-tenant,',
    ',',
    'x-tenant; y',
    '"x-tenant"',
    'größe',
    'x\r\ny: z',
    '*',
    'x-a, *',
  ])('cannot be %j', (corsHeaders) => {
    expect(() => readSettings({ CORS_HEADERS: corsHeaders })).toThrow('  CORS_HEADERS must be names of headers');
  });
});
