// Requests that are refused before their body is looked at: by their method, their host, and what their body calls itself.
// They cause no upstream call, and the answer names no place in the source.

import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { NOTHING, REVIEW, requestsTo } from './refused.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterEach(() => void gateway.takeCalls());
afterAll(() => gateway.stop());

const { post, exchange, get, expectRefused, expectRefusedRaw } = requestsTo(() => gateway);

describe('a body is refused with 415', () => {
  const body = JSON.stringify({ query: REVIEW, variables: { id: 'review-sent' } });

  test.each(['gzip', 'GZIP', 'br', 'deflate', 'x-gzip', 'gzip, identity', 'nonsense'])(
    'with the content-encoding %s',
    async (encoding) => {
      await expectRefused(await post(body, { 'content-encoding': encoding }), 415);
    },
  );

  test('with compressed content', async () => {
    await expectRefused(await post(gzipSync(body), { 'content-encoding': 'gzip' }), 415);
  });

  test.each([
    'utf-16',
    'iso-8859-1',
    'us-ascii',
    'utf-7',
    '"utf-16"',
    'utf-8; charset=utf-16',
    'utf-16; charset=utf-8',
  ])('with another charset than UTF-8: %s', async (charset) => {
    await expectRefused(await post(body, { 'content-type': `application/json; charset=${charset}` }), 415);
  });

  test.each(['', '; charset=utf-8', ';charset=UTF-8', '; charset="utf-8"', '; charset=utf8', ';'])(
    'but not with UTF-8 as its charset: %j',
    async (parameter) => {
      const answer = await post(body, {
        'content-type': `application/json${parameter}`,
        'content-encoding': 'identity',
      });
      expect(await answer.json()).toEqual({ data: { reviewInvitation: { invitationId: 'review-sent' } } });
    },
  );
});

describe('a Host header', () => {
  const QUERY = `/graphql?query=${encodeURIComponent('{ reviewInvitation(invitationId: "review-sent") { status } }')}`;

  test.each([
    ['given twice', ['host: gateway', 'host: gateway']],
    ['given twice with different values', ['host: gateway', 'Host: other']],
    ['with a blank in it', ['host: a b']],
    ['of half an address', ['host: [::1']],
    ['that is empty', ['host:']],
    ['with a path', ['host: gateway/path']],
    ['with a name and a password', ['host: me:secret@gateway']],
    ['with a port that is none', ['host: gateway:port']],
    ['of two, as a list', ['host: gateway, other']],
    ['that is left out', []],
  ])('%s is refused without a stack trace', async (_, headers) => {
    expectRefusedRaw(await get(QUERY, ...headers), 400);
    expectRefusedRaw(await get('/health', ...headers), 400);
    const head = `POST /graphql HTTP/1.1\r\n${headers.map((each) => `${each}\r\n`).join('')}connection: close\r\n`;
    expectRefusedRaw(await exchange(`${head}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`), 400);
  });

  test.each([
    ['given twice', ['host: gateway', 'host: gateway']],
    ['with a blank in it', ['host: a b']],
    ['of half an address', ['host: [::1']],
    ['that is left out', []],
  ])('%s opens no WebSocket', async (_, headers) => {
    const upgrade = ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13'];
    const key = ['sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-protocol: graphql-transport-ws'];
    const { hostname, port } = new URL(gateway.origin);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(`GET /graphql HTTP/1.1\r\n${[...headers, ...upgrade, ...key].join('\r\n')}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test.each(['gateway', 'gateway:4000', '127.0.0.1:1', '[::1]', '[::1]:4000', 'a_b.localhost', 'GATEWAY'])(
    'like %s is accepted',
    async (host) => {
      expect(await get(QUERY, `host: ${host}`)).toMatch(/^HTTP\/1\.1 200 .*"status":"PENDING"/s);
    },
  );
});

test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'HEAD'])('the method %s gets 405', async (method) => {
  for (const accept of ['text/event-stream', 'application/json', '*/*', 'text/html']) {
    const url = `${gateway.origin}/graphql?query=${encodeURIComponent('{ reviewInvitation(invitationId: "a") { id } }')}`;
    const answer = await fetch(url, { method, headers: { accept } });
    expect(answer.headers.get('allow')).toBe('GET, POST');
    if (method !== 'HEAD') await expectRefused(answer, 405);
    expect(answer.status).toBe(405);
    expect(gateway.takeCalls()).toEqual(NOTHING);
  }
});
