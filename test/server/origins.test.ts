// Which pages may open a WebSocket, behind a proxy that ends TLS too: origins are compared as browsers compare them.

import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Environment } from '../../src/settings.ts';
import { SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

let gateway: TestGateway;
afterEach(() => gateway.stop());

/** 101 where it is accepted, else the status that it was refused with. */
async function open(host: string, origin: string, environment: Environment = {}): Promise<number | undefined> {
  // Without tokens, pages of other names are kept out before their origin is looked at.
  gateway = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET, ...environment } });
  const url = `${gateway.origin.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { host, origin } });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
  });
}

describe('without PUBLIC_ORIGIN, the page of the host that a request names', () => {
  test.each([
    ['behind TLS, where the proxy names its port', 'gw.example.com:443', 'https://gw.example.com'],
    ['behind TLS', 'gw.example.com', 'https://gw.example.com'],
    ['behind a proxy without TLS, which names its port', 'gw.example.com:80', 'http://gw.example.com'],
    ['at a port of its own', 'gw.example.com:8443', 'https://gw.example.com:8443'],
    ['in capitals', 'GW.example.com', 'https://gw.example.com'],
    ['by an IPv6 address', '[::1]:4000', 'http://[::1]:4000'],
  ])('may, %s', async (_, host, origin) => {
    expect(await open(host, origin)).toBe(101);
  });

  test.each([
    ['of another host', 'gw.example.com:443', 'https://evil.example.com'],
    ['of another port', 'gw.example.com:443', 'https://gw.example.com:8443'],
    ['of the port of another scheme', 'gw.example.com:80', 'https://gw.example.com'],
    ['of a longer name', 'gw.example.com', 'https://gw.example.com.evil.example.com'],
    ['of no origin', 'gw.example.com', 'null'],
    ['of a file', 'gw.example.com', 'file://gw.example.com'],
    ['of an extension', 'gw.example.com', 'chrome-extension://gw.example.com'],
  ])('may not, %s', async (_, host, origin) => {
    expect(await open(host, origin)).toBe(403);
  });
});

describe('with PUBLIC_ORIGIN, the page', () => {
  const environment = { PUBLIC_ORIGIN: 'https://gw.example.com', CORS_ORIGINS: 'https://app.example.com' };

  test.each([
    ['of it, whatever host the proxy names', '10.0.0.1:4000', 'https://gw.example.com', 101],
    ['of an origin in CORS_ORIGINS', '10.0.0.1:4000', 'https://app.example.com', 101],
    ['of another scheme', 'gw.example.com', 'http://gw.example.com', 403],
    // A name that its owner has pointed at our address: the host that it names is no proof of whose page it is.
    ['of whatever host the request names', 'evil.example.com', 'https://evil.example.com', 403],
  ])('%s', async (_, host, origin, status) => {
    expect(await open(host, origin, environment)).toBe(status);
  });
});
