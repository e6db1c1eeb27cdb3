// Only a proxy leads out: providers are called through a tunnel, in which the proxy reads nothing. Against a real one on
// loopback, which notes what is asked of it and every byte that passes.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { fetchDocument } from '../../src/upstream/document.ts';
import { Secret } from '../../src/upstream/secret.ts';
import type { Trouble } from '../../src/upstream/troubles.ts';
import { isExcepted } from '../../src/upstream/tunnel.ts';
import { type Certificate, createAuthority, trust } from '../certificates.ts';
import { answerWith, startProxy } from '../faults/proxy.ts';
import { endRuns, startGateway } from '../process.ts';
import { openAccount } from './account.ts';

afterEach(endRuns);

const authority = createAuthority();
trust(authority);
const certificate = authority.issue({ names: 'DNS:provider.test,IP:127.0.0.1' });

interface ConnectProxy {
  readonly url: string;
  /** Targets and who signed in, of each tunnel. */
  readonly asked: { readonly target: string; readonly host: string; readonly signedIn: string | undefined }[];
  /** All that went through towards the provider. */
  readonly bytes: Buffer[];
}

/** It takes whatever name for one of this machine's. @param refusal Its status line instead; empty where it says nothing. */
async function startConnectProxy(options: { own?: Certificate; refusal?: string } = {}): Promise<ConnectProxy> {
  const asked: ConnectProxy['asked'] = [];
  const bytes: Buffer[] = [];
  const sockets = new Set<Socket>();
  const tunnel = ({ url = '', headers }: IncomingMessage, client: Socket) => {
    asked.push({ target: url, host: headers.host ?? '', signedIn: headers['proxy-authorization'] });
    client.on('error', () => client.destroy());
    if (options.refusal === '') return;
    if (options.refusal !== undefined) return client.end(`HTTP/1.1 ${options.refusal}\r\n\r\n`);
    const upstream = connect(Number(url.split(':').at(-1)), '127.0.0.1');
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.on('data', (chunk) => bytes.push(Buffer.from(chunk))).pipe(upstream);
      upstream.pipe(client);
    });
  };
  const server = options.own === undefined ? createServer() : createSecureServer(options.own);
  server.on('connect', tunnel).on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await once(server.close(), 'close');
  });
  const scheme = options.own === undefined ? 'http' : 'https';
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, bytes };
}

async function startProvider(options: { isPlain?: boolean } = {}) {
  const provider = await startProxy('http://127.0.0.1:1', options.isPlain ? {} : { certificate });
  provider.break(answerWith('{"status":"SENT"}'));
  onTestFinished(() => provider.refuse());
  const port = new URL(provider.origin).port;
  return { provider, port, origin: `https://provider.test:${port}` };
}

function accountBehind(url: string, except: readonly string[] = []) {
  const troubles: Trouble[] = [];
  const listener = { troubleBegan: (_: string, trouble: Trouble) => void troubles.push(trouble) };
  return { troubles, ...openAccount({ proxy: { url: new Secret(url), except }, listener }) };
}

describe('a proxy', () => {
  test('is asked for a tunnel, one a connection, and reads nothing of what is said in it', async () => {
    const { provider, port, origin } = await startProvider();
    const proxy = await startConnectProxy();
    const { call } = accountBehind(proxy.url);
    expect(await call(origin)).toBe('decoded');
    expect(await call(origin)).toBe('decoded');
    expect(provider.requests).toHaveLength(2);
    const target = `provider.test:${port}`;
    expect(proxy.asked).toEqual([{ target, host: target, signedIn: undefined }]);
    expect(proxy.bytes.length).toBeGreaterThan(0);
    expect(proxy.bytes.map((chunk) => chunk.toString('latin1')).join('')).not.toMatch(/hush|x-apikey|GET \//i);
  });

  test('may speak TLS itself, and is signed in to by the name and password of its URL', async () => {
    const { origin } = await startProvider();
    const proxy = await startConnectProxy({ own: authority.issue({ names: 'IP:127.0.0.1' }) });
    const { call } = accountBehind(proxy.url.replace('//', '//us%20er:p%40ss@'));
    expect(await call(origin)).toBe('decoded');
    expect(proxy.asked[0]?.signedIn).toBe(`Basic ${Buffer.from('us er:p@ss').toString('base64')}`);
  });

  test('is not used for the hosts that are excepted', async () => {
    const { provider } = await startProvider();
    const proxy = await startConnectProxy();
    const { call } = accountBehind(proxy.url, ['127.0.0.1']);
    expect(await call(provider.origin)).toBe('decoded');
    expect(proxy.asked).toEqual([]);
  });

  test('is not used for plain HTTP, where it could read the credential', async () => {
    const { provider } = await startProvider({ isPlain: true });
    const proxy = await startConnectProxy();
    const { call } = accountBehind(proxy.url);
    expect(await call(provider.origin)).toBe('decoded');
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    ['407 Proxy Authentication Required', 407],
    ['403 Forbidden', 403],
    ['502 Bad Gateway', 502],
  ])('that answers %s makes the provider unavailable, and the log says why', async (refusal, detail) => {
    const { provider, origin } = await startProvider();
    const proxy = await startConnectProxy({ refusal });
    const { call, troubles } = accountBehind(proxy.url);
    expect(await call(origin)).toBe('PROVIDER_UNAVAILABLE');
    expect(troubles).toEqual([{ kind: 'proxy', detail }]);
    expect(provider.connections).toBe(0);
  });

  test.each([
    ['is not there', 'http://127.0.0.1:1', 'ECONNREFUSED'],
    ['has no address', 'http://proxy.invalid:3128', 'ENOTFOUND'],
  ])('that %s makes the provider unavailable, and the log says why', async (_, url, detail) => {
    const { call, troubles } = accountBehind(url);
    expect(await call('https://provider.test')).toBe('PROVIDER_UNAVAILABLE');
    expect(troubles).toEqual([{ kind: 'proxy', detail }]);
  });

  test('that never answers is not waited for for long', async () => {
    const silent = await startConnectProxy({ refusal: '' });
    const { call, troubles } = accountBehind(silent.url);
    expect(await call('https://provider.test')).toMatch(/PROVIDER_(TIMEOUT|UNAVAILABLE)/);
    expect(troubles).toEqual([{ kind: 'proxy', detail: 'UND_ERR_HEADERS_TIMEOUT' }]);
  });

  test('does not stand in for the provider: its certificate is looked at all the same', async () => {
    const { port } = await startProvider();
    const proxy = await startConnectProxy();
    const { call, troubles } = accountBehind(proxy.url);
    expect(await call(`https://other.test:${port}`)).toBe('PROVIDER_UNAVAILABLE');
    expect(troubles).toEqual([{ kind: 'certificate', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' }]);
  });
});

describe('a document', () => {
  const fetchBehind = (url: string, proxy: string, timeoutMs = 10_000) =>
    fetchDocument({ url, timeoutMs, maxBytes: 1_000, proxy: { url: new Secret(proxy), except: [] } });

  test('is fetched through the proxy, which reads nothing of it', async () => {
    const { port, origin } = await startProvider();
    const proxy = await startConnectProxy();
    expect(await fetchBehind(`${origin}/keys?of=a-tenant`, proxy.url)).toEqual({ status: 'SENT' });
    expect(proxy.asked.map(({ target }) => target)).toEqual([`provider.test:${port}`]);
    expect(proxy.bytes.map((chunk) => chunk.toString('latin1')).join('')).not.toMatch(/GET \/|a-tenant/);
    await expect(fetchBehind(`https://other.test:${port}/keys`, proxy.url)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('is waited for no longer where a proxy never answers', async () => {
    const silent = await startConnectProxy({ refusal: '' });
    await expect(fetchBehind('https://provider.test/keys', silent.url, 300)).rejects.toThrow('timeout');
  });
});

test('a process is told of the proxy, its exceptions and an authority by its environment', async () => {
  const { port } = await startProvider();
  const proxy = await startConnectProxy();
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'authority.pem'), authority.cert);
  writeFileSync(join(folder, 'proxy'), `${proxy.url.replace('//', '//user:hush-hush@')}\n`);
  const gateway = await startGateway({
    PARTOO_API_KEY: 'hush',
    PARTOO_BASE_URL: `https://provider.test:${port}/v2`,
    CRONOFY_CLIENT_SECRET: 'hush',
    CRONOFY_BASE_URL: `https://127.0.0.1:${port}`,
    HTTPS_PROXY_FILE: join(folder, 'proxy'),
    NO_PROXY: 'localhost, 127.0.0.1',
    NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
  });
  const ask = async (query: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    return response.json();
  };
  expect(await ask('{ reviewInvitation(invitationId: "r") { deliveryStatus } }')).toEqual({
    data: { reviewInvitation: { deliveryStatus: 'SENT' } },
  });
  expect(proxy.asked).toHaveLength(1);
  // What came is no invite, but it came.
  expect(await ask('{ smartInvite(smartInviteId: "i") { status } }')).toMatchObject({
    errors: [{ extensions: { code: 'PROVIDER_BAD_RESPONSE' } }],
  });
  expect(proxy.asked).toHaveLength(1);
  expect(gateway.stdout() + gateway.stderr()).not.toContain('hush');
});

test.each<[origin: string, except: string[], expected: boolean]>([
  ['https://api.partoo.co', [], false],
  ['https://api.partoo.co', ['*'], true],
  ['https://api.partoo.co', ['api.partoo.co'], true],
  ['https://api.partoo.co', ['API.Partoo.co'], true],
  ['https://api.partoo.co', ['partoo.co'], true],
  ['https://api.partoo.co', ['.partoo.co'], true],
  ['https://api.partoo.co', ['*.partoo.co'], true],
  ['https://api.partoo.co', ['artoo.co'], false],
  ['https://api.partoo.co', ['api.partoo.com', 'co', 'partoo'], true],
  ['https://api.partoo.co', ['api.partoo.co:443'], true],
  ['https://api.partoo.co', ['api.partoo.co:8443'], false],
  ['https://api.partoo.co:8443', ['api.partoo.co:8443'], true],
  ['https://[::1]', ['::1'], true],
  ['https://[::1]:8443', ['[::1]:8443'], true],
  ['https://[::1]', ['[::1]:8443'], false],
  ['https://10.0.0.1', ['10.0.0.1'], true],
  ['https://10.0.0.1', ['10.0.0.0/8'], false],
])('%s, with the exceptions %j: excepted %s', (origin, except, expected) => {
  expect(isExcepted(new URL(origin), except)).toBe(expected);
});
