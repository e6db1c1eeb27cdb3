// Callers behind a real nginx that adds their addresses to X-Forwarded-For: who they are is what nginx saw, and not what
// they say. They come from several addresses of loopback.

import { on, once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { type RunningProxy, startNginx } from '../proxies.ts';

const LIVE = 'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }';

let gateway: TestGateway;
let nginx: RunningProxy;
afterEach(async () => {
  await nginx?.stop();
  await gateway?.stop();
});

/** @param location More of nginx's `location /`. */
async function start(trustedProxies: string, location: string): Promise<void> {
  gateway = await startTestGateway({
    environment: {
      MAX_STREAMS_PER_CALLER: '1',
      TRUSTED_PROXIES: trustedProxies,
      PUBLIC_ORIGIN: 'https://gateway.example.com',
    },
  });
  nginx = await startNginx(`proxy_pass ${gateway.origin}; proxy_http_version 1.1; ${location}`);
}

const ADDS = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;';

/** Opens a stream that stays open until the test is over. @returns how it begins. */
async function open(localAddress: string, headers: Record<string, string> = {}): Promise<string> {
  const sent = request(`${nginx.origin}/graphql`, {
    method: 'POST',
    localAddress,
    agent: false,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
  });
  onTestFinished(() => void sent.destroy());
  sent.on('error', () => undefined);
  sent.end(JSON.stringify({ query: LIVE }));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) return String(answer.statusCode);
  let events = '';
  // Several pieces may come at once, and none is to be lost.
  for await (const [piece] of on(answer, 'data')) {
    events += piece;
    if (events.includes('data:')) break;
  }
  return events.includes('RATE_LIMITED') ? 'RATE_LIMITED' : 'open';
}

test('each address that nginx sees is a caller', async () => {
  await start('127.0.0.1', ADDS);
  expect(await open('127.0.0.2')).toBe('open');
  expect(await open('127.0.0.2')).toBe('RATE_LIMITED');
  expect(await open('127.0.0.3')).toBe('open');
});

test('a caller does not become another one by what it sends', async () => {
  await start('127.0.0.1', ADDS);
  expect(await open('127.0.0.2')).toBe('open');
  for (const headers of [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': 'rubbish, 203.0.113.9:80' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=203.0.113.9' },
    { 'x-real-ip': '203.0.113.9' },
  ]) {
    expect(await open('127.0.0.2', headers as Record<string, string>)).toBe('RATE_LIMITED');
  }
});

test('a proxy that is not trusted is one caller, whatever it says', async () => {
  await start('192.0.2.1', ADDS);
  expect(await open('127.0.0.2')).toBe('open');
  expect(await open('127.0.0.3')).toBe('RATE_LIMITED');
});

test('a proxy that names what is no address has callers refused, so that it is noticed', async () => {
  await start('127.0.0.1', 'proxy_set_header X-Forwarded-For $remote_addr:$remote_port;');
  expect(await open('127.0.0.2')).toBe('400');
});

test('a page of PUBLIC_ORIGIN opens a WebSocket through a proxy that names another host', async () => {
  await start('127.0.0.1', `${ADDS} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`);
  const statusFor = (origin: string) => {
    const socket = new WebSocket(`${nginx.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { origin });
    onTestFinished(() => socket.terminate());
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    });
  };
  expect(await statusFor('https://gateway.example.com')).toBe(101);
  expect(await statusFor(gateway.origin)).toBe(403);
});
