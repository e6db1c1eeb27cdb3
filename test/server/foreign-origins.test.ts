// What the operator is told of pages that are kept out: the first time for each origin, and nothing else of what they send.

import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { rawRequest } from './raw-request.ts';

const APP = 'https://app.example.com';
const OTHER = 'http://localhost:5173';
const OTHER_PAGE = { scheme: 'http', host: 'localhost:5173' };
const BODY = { 'content-type': 'application/json' };

async function start(environment = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment: { CORS_ORIGINS: APP, ...environment } });
  onTestFinished(() => gateway.stop());
  return gateway;
}

function post({ origin }: TestGateway, headers: Record<string, string>) {
  return rawRequest(`${origin}/graphql`, { ...BODY, ...headers }, 'POST', '{"query":"{ __typename }"}');
}

function preflight({ origin }: TestGateway, page: string) {
  return rawRequest(`${origin}/graphql`, { origin: page, 'access-control-request-method': 'POST' }, 'OPTIONS');
}

/** The status and the body that a WebSocket is refused with. */
function upgrade({ origin }: TestGateway, page: string): Promise<[number | undefined, string]> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { origin: page });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('unexpected-response', async (_, answer) => {
      resolve([answer.statusCode, (await answer.toArray()).join('')]);
    });
  });
}

/** What is told of pages: whose they are, and the advice. */
function told({ log }: TestGateway): { page?: { scheme: string; host: string }; msg: string; level: number }[] {
  return log.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40);
}

test.each<[string, (gateway: TestGateway) => Promise<unknown>]>([
  ['a preflight', (gateway) => preflight(gateway, OTHER)],
  ['a query', (gateway) => post(gateway, { origin: OTHER, 'sec-fetch-site': 'cross-site' })],
  ['a WebSocket', (gateway) => upgrade(gateway, OTHER)],
])('%s of an origin that is not allowed is told once, with the setting that would allow it', async (_, ask) => {
  const gateway = await start();
  for (const _ of [1, 2, 3]) await ask(gateway);
  expect(told(gateway)).toEqual([
    expect.objectContaining({ level: 40, page: OTHER_PAGE, msg: expect.stringContaining('CORS_ORIGINS') }),
  ]);
});

test('a WebSocket of an origin that is not allowed is refused with the setting that would allow it', async () => {
  expect(await upgrade(await start(), OTHER)).toEqual([403, expect.stringContaining('CORS_ORIGINS')]);
});

test('without CORS_ORIGINS, too', async () => {
  const gateway = await start({ CORS_ORIGINS: undefined });
  await preflight(gateway, OTHER);
  expect(told(gateway)).toMatchObject([{ page: OTHER_PAGE }]);
});

test.each<[string, object, (gateway: TestGateway) => Record<string, string>]>([
  ['an allowed origin', {}, () => ({ origin: APP })],
  ['the gateway itself', {}, ({ origin }) => ({ origin })],
  [
    'the gateway by its public origin',
    { PUBLIC_ORIGIN: 'https://gw.example.com' },
    () => ({ origin: 'https://gw.example.com' }),
  ],
  ['the gateway behind a proxy', {}, () => ({ origin: 'https://gw.example.com', 'sec-fetch-site': 'same-origin' })],
  ['no origin', {}, () => ({})],
])('a query of %s is answered without a word', async (_, environment, headersOf) => {
  const gateway = await start(environment);
  expect((await post(gateway, headersOf(gateway))).status).toBe(200);
  expect(told(gateway)).toEqual([]);
});

test.each([
  'https://ann:secret@app.example.com',
  'https://app.example.com/canary',
  'https://app.example.com?canary',
  'canary',
  `https://${'a'.repeat(300)}.example.com`,
  'mailto:ann@example.com',
])('what is no origin is not told: %s', async (origin) => {
  const gateway = await start();
  await post(gateway, { origin });
  expect(told(gateway)).toEqual([]);
});

test('a frame or a file, whose origin is the word null, is told as that', async () => {
  const gateway = await start();
  await post(gateway, { origin: 'null' });
  expect(told(gateway)).toMatchObject([{ page: 'null' }]);
});

test('a caller that makes up origins is told of no more than a hundred times', async () => {
  const gateway = await start();
  for (let n = 0; n < 150; n++) await post(gateway, { origin: `https://n${n}.example.com` });
  const lines = told(gateway);
  expect(lines).toHaveLength(101);
  expect(lines.at(-2)?.page?.host).toBe('n99.example.com');
  expect(lines.at(-1)?.page).toBeUndefined();
});
