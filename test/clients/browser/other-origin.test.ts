// A page of another origin in a real browser: what Apollo Client and tracing put on its requests passes the preflight,
// cookies do not, and who runs the gateway is told of a page that is kept out.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../../harness.ts';
import { launchChromium } from './chromium.ts';

/** What OpenTelemetry and Sentry add in a browser. */
const TRACING = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=1',
  baggage: 'sentry-environment=production',
  'sentry-trace': '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1',
  'x-request-id': '1',
};

let browser: Browser;
let app: string;
const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>App</title>'));
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  app = `http://localhost:${(server.address() as AddressInfo).port}`;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  server.close().closeAllConnections();
});

async function start(CORS_ORIGINS: string | undefined): Promise<[TestGateway, Page]> {
  const gateway = await startTestGateway({ environment: { CORS_ORIGINS } });
  onTestFinished(() => gateway.stop());
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(app);
  return [gateway, page];
}

interface Init {
  readonly headers: Record<string, string>;
  readonly credentials?: RequestCredentials;
}

/** What a page gets for a query with these headers: the text of the answer, or of what `fetch` rejects with. */
function ask(page: Page, { origin }: TestGateway, init: Init): Promise<string> {
  return page.evaluate(
    ([url, given]) =>
      fetch(url, { method: 'POST', body: '{"query":"{ __typename }"}', ...given }).then(
        (answer) => answer.text(),
        (error: unknown) => String(error),
      ),
    [`${origin}/graphql`, init] as const,
  );
}

/** The headers that a real Apollo Client sends, by its options. */
async function headersOfApollo(): Promise<Record<string, string>> {
  const sent: Record<string, string>[] = [];
  const recording: typeof fetch = async (_, init) => {
    sent.push(Object.fromEntries(new Headers(init?.headers)));
    return Response.json({ data: { providers: [] } });
  };
  const client = new ApolloClient({
    link: new HttpLink({ uri: 'http://gateway.invalid/graphql', fetch: recording }),
    cache: new InMemoryCache(),
    clientAwareness: { name: 'board', version: '1.2.3' },
  });
  await client.query({ query: gql('{ providers { provider } }') });
  client.stop();
  return sent[0] ?? {};
}

const ANSWERED = '{"data":{"__typename":"Query"}}';

test('it is answered with clientAwareness and tracing headers', async () => {
  const [gateway, page] = await start(app);
  const headers = await headersOfApollo();
  expect(headers).toMatchObject({ 'apollographql-client-name': 'board', 'apollographql-client-version': '1.2.3' });
  expect(await ask(page, gateway, { headers: { ...headers, ...TRACING, authorization: 'Bearer a' } })).toBe(ANSWERED);
  // The browser does ask for each header before.
  expect(await ask(page, gateway, { headers: { ...headers, 'x-tenant': 'a' } })).toBe('TypeError: Failed to fetch');
});

test('it is not answered where it sends cookies along', async () => {
  const [gateway, page] = await start(app);
  const headers = { 'content-type': 'application/json' };
  expect(await ask(page, gateway, { headers, credentials: 'include' })).toBe('TypeError: Failed to fetch');
  expect(await ask(page, gateway, { headers, credentials: 'same-origin' })).toBe(ANSWERED);
});

test('it is kept out where its origin is not allowed, over HTTP and WebSocket, and the log says so once', async () => {
  const [gateway, page] = await start(undefined);
  const headers = { 'content-type': 'application/json' };
  for (const _ of [1, 2]) expect(await ask(page, gateway, { headers })).toBe('TypeError: Failed to fetch');
  const closed = await page.evaluate(
    (url) =>
      new Promise<number>((resolve) => {
        new WebSocket(url, 'graphql-transport-ws').onclose = ({ code }) => resolve(code);
      }),
    `${gateway.origin.replace('http', 'ws')}/graphql`,
  );
  expect(closed).toBe(1006);
  const warnings = gateway.log.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40);
  expect(warnings).toMatchObject([
    { page: { scheme: 'http', host: new URL(app).host }, msg: expect.stringContaining('CORS_ORIGINS') },
  ]);
});
