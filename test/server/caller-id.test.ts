// Who counts as one caller: by address, and by what trusted proxies say of it.

import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createCallerIds } from '../../src/server/caller-id.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

const PROXIES = '10.0.0.0/8, 192.0.2.7, 2001:db8:aaaa::/48, ::1';

/** The caller of a request that comes from this address, with this X-Forwarded-For. */
function idOf(remoteAddress: string | undefined, forwarded?: string, proxies = PROXIES): string | undefined {
  const callerIdOf = createCallerIds(readSettings({ TRUSTED_PROXIES: proxies }).trustedProxies);
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return callerIdOf({ socket: { remoteAddress }, headers } as IncomingMessage);
}

describe('one caller', () => {
  test.each([
    ['an IPv4 address', ['203.0.113.9']],
    ['an IPv4 address, also written as one of IPv6', ['203.0.113.9', '::ffff:203.0.113.9']],
    ['an IPv4 address, also as NAT64 writes it', ['203.0.113.9', '64:ff9b::203.0.113.9', '64:ff9b::cb00:7109']],
    ['an IPv6 network of 64 bits', ['2001:db8:0:1::1', '2001:db8:0:1:ffff::', '2001:db8:0:1::1%eth0']],
    ['an IPv6 network with zeros in it', ['2001:db8::1:2:3:4', '2001:db8::ffff:0:0:1']],
  ])('is %s', (_, addresses) => {
    expect(new Set(addresses.map((address) => idOf(address))).size).toBe(1);
  });

  test.each([
    ['another IPv4 address', '203.0.113.9', '203.0.113.10'],
    ['the next IPv6 network', '2001:db8:0:1::1', '2001:db8:0:2::1'],
    ['an IPv4 address beside the network of mapped ones', '::ffff:203.0.113.9', '::ffff:203.0.113.10'],
    ['another address of NAT64', '64:ff9b::203.0.113.9', '64:ff9b::203.0.113.10'],
  ])('is not %s', (_, one, other) => {
    expect(idOf(one)).not.toBe(idOf(other));
  });

  test('is "unknown" where the connection has closed already', () => {
    expect(idOf(undefined, '203.0.113.9')).toBe('unknown');
  });
});

describe('X-Forwarded-For', () => {
  test.each([
    ['of a proxy, by address', '192.0.2.7', '203.0.113.9', '203.0.113.9'],
    ['of a proxy, by network', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['of a proxy whose address is written as one of IPv6', '::ffff:10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['of a proxy in IPv6', '2001:db8:aaaa:1::1', '2001:db8:0:1::9', '2001:db8:0:1::/64'],
    ['is read from the right', '10.1.2.3', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['is read past proxies that are trusted', '10.1.2.3', '203.0.113.9, 10.9.9.9,192.0.2.7', '203.0.113.9'],
    ['is read no further than an untrusted address', '10.1.2.3', '198.51.100.1, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['of trusted proxies alone names the first one', '10.1.2.3', '10.9.9.9, 10.8.8.8', '10.9.9.9'],
    ['may have invalid text where a caller wrote it', '10.1.2.3', 'rubbish, 1.2.3.4:5, 203.0.113.9', '203.0.113.9'],
    ['that is empty leaves the address of the connection', '10.1.2.3', '', '10.1.2.3'],
    ['of an untrusted address is ignored', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['of an untrusted address is ignored, also where it is invalid', '203.0.113.9', 'rubbish', '203.0.113.9'],
  ])('%s', (_, remote, forwarded, id) => {
    expect(idOf(remote, forwarded)).toBe(id);
  });

  test.each([
    ['', '203.0.113.9', '203.0.113.9'],
    ['and rubbish where a caller wrote it', '%, 1.2.3.4:5, , 203.0.113.9', '203.0.113.9'],
    ['and nothing else', '10.9.9.9', '10.9.9.9'],
    ['and, left of them, what is no address', 'rubbish', undefined],
  ])('is read past a thousand proxies that are trusted %s', (_, first, id) => {
    const forwarded = [first, ...Array(1_000).fill('10.1.2.3')].join(', ');
    expect(Buffer.byteLength(forwarded)).toBeLessThan(16 * 1_024);
    expect(idOf('10.1.2.3', forwarded)).toBe(id);
  });

  test('is ignored where no proxy is trusted', () => {
    const callerIdOf = createCallerIds(readSettings({}).trustedProxies);
    const headers = { 'x-forwarded-for': '198.51.100.1' };
    expect(callerIdOf({ socket: { remoteAddress: '127.0.0.1' }, headers } as unknown as IncomingMessage)).toBe(
      '127.0.0.1',
    );
  });

  test.each([
    'rubbish',
    '203.0.113.9:4711',
    '[2001:db8::1]',
    '[2001:db8::1]:4711',
    '203.0.113.9,',
    '203.0.113',
    'unknown',
  ])('of a proxy that names %j names no caller', (forwarded) => {
    expect(idOf('10.1.2.3', forwarded)).toBeUndefined();
  });
});

describe('over HTTP', () => {
  const LIVE =
    'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }';

  let gateway: TestGateway;
  afterEach(() => gateway.stop());

  async function start(environment: Environment = {}): Promise<void> {
    gateway = await startTestGateway({ environment: { MAX_STREAMS_PER_CALLER: '1', ...environment } });
  }

  /** Opens a stream that stays open until the test is over. @returns how it begins. */
  async function open(headers: Record<string, string> = {}): Promise<string> {
    const left = new AbortController();
    onTestFinished(() => left.abort());
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query: LIVE }),
      signal: left.signal,
    });
    if (response.status !== 200 || response.body === null) return `${response.status} ${await response.text()}`;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let events = '';
    while (!events.includes('data:')) events += (await reader.read()).value ?? '';
    return events.includes('RATE_LIMITED') ? 'RATE_LIMITED' : 'open';
  }

  /** The status that a WebSocket is answered with. */
  function upgrade(headers: Record<string, string>): Promise<number | undefined> {
    const url = `${gateway.origin.replace('http', 'ws')}/graphql`;
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
    onTestFinished(() => socket.terminate());
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    });
  }

  const by = (forwarded: string) => ({ 'x-forwarded-for': forwarded });

  test('a trusted proxy tells callers apart, and ten addresses of one IPv6 network are one', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.1' });
    expect(await open(by('203.0.113.1'))).toBe('open');
    expect(await open(by('203.0.113.1'))).toBe('RATE_LIMITED');
    expect(await open(by('203.0.113.2'))).toBe('open');
    expect(await open(by('2001:db8:0:1::1'))).toBe('open');
    for (let n = 2; n <= 10; n++) expect(await open(by(`2001:db8:0:1:${n}::${n}`))).toBe('RATE_LIMITED');
    expect(await open(by('2001:db8:0:2::1'))).toBe('open');
  });

  test('a caller cannot choose its address where no proxy is trusted, nor by the header Forwarded', async () => {
    await start();
    expect(await open(by('203.0.113.1'))).toBe('open');
    expect(await open(by('203.0.113.2'))).toBe('RATE_LIMITED');
    await gateway.stop();
    await start({ TRUSTED_PROXIES: '127.0.0.1' });
    expect(await open({ forwarded: 'for=203.0.113.1' })).toBe('open');
    expect(await open({ forwarded: 'for=203.0.113.2' })).toBe('RATE_LIMITED');
  });

  test('a caller is told from others behind a thousand proxies that are trusted', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' });
    const hops = Array(1_000).fill('10.1.2.3').join(',');
    expect(await open(by(`203.0.113.1,${hops}`))).toBe('open');
    expect(await open(by(`rubbish, 203.0.113.1,${hops}`))).toBe('RATE_LIMITED');
    expect(await open(by(`203.0.113.2,${hops}`))).toBe('open');
    expect(await open(by(`rubbish,${hops}`))).toMatch(/^400 /);
    expect(await upgrade(by(`203.0.113.3,${hops}`))).toBe(101);
  });

  test('a request for which a trusted proxy names no valid address is refused, and the answer says why', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.1' });
    expect(await open(by('203.0.113.1:4711'))).toMatch(/^400 .*X-Forwarded-For.*without ports/);
    expect(await upgrade(by('203.0.113.1:4711'))).toBe(400);
    expect(await upgrade(by('203.0.113.1'))).toBe(101);
  });
});
