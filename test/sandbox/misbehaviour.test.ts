// How an imitated provider fails on command: every way that its control route takes, seen from the wire.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Misbehaviour } from '../../src/sandbox/misbehaviour.ts';
import { PARTOO_API_KEY, type PartooImitation, startPartoo } from '../../src/sandbox/partoo.ts';

const TRUTH = JSON.stringify({ invitation_id: 'review-sent', status: 'SENT' });
const TARGET = '/v2/review_booster/invitation_status?invitation_id=review-sent';

let partoo: PartooImitation;
let sockets: Socket[];
beforeEach(async () => {
  partoo = await startPartoo({ latencyMs: 0, quota: [] });
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await partoo.stop();
});

async function misbehave(misbehaviour: Misbehaviour): Promise<void> {
  const { status } = await fetch(`${partoo.origin}/_control/misbehave`, {
    method: 'POST',
    body: JSON.stringify(misbehaviour),
  });
  expect(status).toBe(204);
}

const read = (target = TARGET, init: RequestInit = {}) =>
  fetch(`${partoo.origin}${target}`, { headers: { 'x-APIKey': PARTOO_API_KEY }, ...init });

async function answerOf(response: Response): Promise<{ status: number; body: string }> {
  return { status: response.status, body: await response.text() };
}

const GOOD = { status: 200, body: TRUTH };

/** The same read over a bare socket, with all that came of it so far. */
function readRaw(): { socket: Socket; received: () => string; failure: Promise<string | undefined> } {
  const socket = connect(Number(new URL(partoo.origin).port), '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  const failure = new Promise<string | undefined>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once('close', () => resolve(undefined));
  });
  socket.write(`GET ${TARGET} HTTP/1.1\r\nHost: partoo\r\nx-APIKey: ${PARTOO_API_KEY}\r\n\r\n`);
  return { socket, received: () => text, failure };
}

/** Until the imitation has taken so many calls. */
const taken = (count: number) => vi.waitFor(() => expect(partoo.calls).toHaveLength(count));

describe('an answer', () => {
  test('can have another status, and then an error body', async () => {
    await misbehave({ status: 503 });
    expect(await answerOf(await read())).toEqual({ status: 503, body: '' });
  });

  test('can have another body, sent unchanged', async () => {
    await misbehave({ body: '<html>Bad gateway' });
    expect(await answerOf(await read())).toEqual({ status: 200, body: '<html>Bad gateway' });
  });

  test('can have more headers, with the true answer or with another status', async () => {
    await misbehave({ headers: { 'x-more': 'yes', 'content-type': 'text/html' } });
    const spoilt = await read();
    expect(spoilt.headers.get('x-more')).toBe('yes');
    expect(spoilt.headers.get('content-type')).toBe('text/html');
    expect(await answerOf(spoilt)).toEqual(GOOD);

    await misbehave({ status: 429, headers: { 'retry-after': '7' }, body: 'slow down' });
    const refused = await read();
    expect(refused.headers.get('retry-after')).toBe('7');
    expect(await answerOf(refused)).toEqual({ status: 429, body: 'slow down' });
  });

  test('can be a redirect that the caller sees', async () => {
    await misbehave({ status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } });
    const response = await read(TARGET, { redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('http://127.0.0.1:1/elsewhere');
  });

  test('can be delayed, so that a later call overtakes it', async () => {
    await misbehave({ delayMs: 1_000, times: 1 });
    const order: string[] = [];
    const late = read().then(() => order.push('late'));
    await taken(1);
    await read().then(() => order.push('prompt'));
    await late;
    expect(order).toEqual(['prompt', 'late']);
  });

  test('with a changed status is logged with that status', async () => {
    await misbehave({ status: 503 });
    await read();
    const calls = await (await fetch(`${partoo.origin}/_control/calls`)).json();
    expect(calls).toEqual([{ method: 'GET', target: TARGET, status: 503 }]);
  });
});

describe('a misbehaviour', () => {
  test('lasts until it is removed', async () => {
    await misbehave({ status: 500 });
    for (let n = 1; n <= 3; n += 1) expect((await read()).status).toBe(500);
    expect((await fetch(`${partoo.origin}/_control/misbehave`, { method: 'DELETE' })).status).toBe(204);
    expect(await answerOf(await read())).toEqual(GOOD);
  });

  test('lasts for the number of calls that it names', async () => {
    await misbehave({ status: 500, times: 2 });
    const statuses = [];
    for (let n = 1; n <= 4; n += 1) statuses.push((await read()).status);
    expect(statuses).toEqual([500, 500, 200, 200]);
  });

  test('lasts until another replaces it', async () => {
    await misbehave({ status: 500, times: 1 });
    await misbehave({ status: 502, times: 1 });
    expect((await read()).status).toBe(502);
    expect((await read()).status).toBe(200);
  });

  test('applies only to calls that match, and only those count', async () => {
    await misbehave({ status: 500, match: 'review-delivered', times: 1 });
    const other = TARGET.replace('review-sent', 'review-delivered');
    expect((await read()).status).toBe(200);
    expect((await read(other)).status).toBe(500);
    expect((await read(other)).status).toBe(200);
  });

  test('applies to no control route', async () => {
    await misbehave({ mode: 'hang' });
    expect((await fetch(`${partoo.origin}/_control/calls`)).status).toBe(200);
    await misbehave({ status: 500 });
    expect((await read()).status).toBe(500);
  });
});

describe('the connection', () => {
  test('hangs: the call is accepted, no byte comes, and other calls are served meanwhile', async () => {
    await misbehave({ mode: 'hang', times: 1 });
    const { socket, received } = readRaw();
    await taken(1);
    expect(await answerOf(await read())).toEqual(GOOD);
    expect(received()).toBe('');
    expect(socket.readyState).toBe('open');
  });

  test('is reset before the first byte', async () => {
    await misbehave({ mode: 'reset', times: 1 });
    const { received, failure } = readRaw();
    expect(await failure).toBe('ECONNRESET');
    expect(received()).toBe('');
    expect(await answerOf(await read())).toEqual(GOOD);
  });

  test('is cut in the middle of the announced body', async () => {
    await misbehave({ mode: 'cut', times: 1 });
    const { received, failure } = readRaw();
    expect(await failure).toBe('ECONNRESET');
    const [head, body] = received().split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head?.toLowerCase()).toContain(`content-length: ${TRUTH.length}`);
    expect(body).toBe(TRUTH.slice(0, TRUTH.length / 2));
  });

  test('sends the body slowly, a byte at a time', async () => {
    await misbehave({ mode: 'drip', times: 1 });
    const { socket, received } = readRaw();
    const chunks: string[] = [];
    socket.on('data', (chunk) => chunks.push(String(chunk)));
    await vi.waitFor(() => expect(received().split('\r\n\r\n')[1]).toHaveLength(2), 10_000);
    expect(received().toLowerCase()).toContain(`content-length: ${TRUTH.length}`);
    expect(received().endsWith(`\r\n\r\n${TRUTH.slice(0, 2)}`)).toBe(true);
    expect(chunks.at(-1)).toBe(TRUTH[1]);
  });

  test('sends the head slowly, a byte at a time', async () => {
    await misbehave({ mode: 'drip-headers', times: 1 });
    const { socket, received } = readRaw();
    const chunks: string[] = [];
    socket.on('data', (chunk) => chunks.push(String(chunk)));
    await vi.waitFor(() => expect(received()).toBe('HT'), 10_000);
    expect(chunks).toEqual(['H', 'T']);
  });

  test('sends a body without end, until the caller leaves', async () => {
    await misbehave({ mode: 'endless', times: 1 });
    const { socket, received } = readRaw();
    await vi.waitFor(() => expect(received().length).toBeGreaterThan(1024 * 1024), 10_000);
    expect(received()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(socket.readyState).toBe('open');
    socket.destroy();
    await once(socket, 'close');
    expect(await answerOf(await read())).toEqual(GOOD);
  });
});
