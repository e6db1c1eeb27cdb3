// The line of the log that an operation has: when there is one, what is in it, and what is not.

import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { OperationRecord } from '../../src/server/operation-record.ts';
import type { Environment } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createOperationLog } from '../../src/telemetry/operation-log.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness.ts';
import { openSocket } from '../server/socket-client.ts';

async function start(environment: Environment = {}, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ ...options, environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const linesOf = ({ operations }: TestGateway) => operations.map((line) => JSON.parse(line));

const DEBUG = 20;
const INFO = 30;

/** Every member that a line may have. README's table is held to it. */
const MEMBERS = [
  'level',
  'time',
  'msg',
  'requestId',
  'traceId',
  'tenant',
  'viewer',
  'document',
  'type',
  'transport',
  'outcome',
  'code',
  'ms',
  'refs',
  'calls',
  'count',
];

test('a line has these members and no others', async () => {
  const gateway = await start();
  await gateway.query('{ reviewInvitation(invitationId: "review-sent") { id } a: __typename }');
  const [line] = linesOf(gateway);
  expect(line).toEqual({
    level: DEBUG,
    time: expect.any(Number),
    msg: 'an operation was answered',
    requestId: expect.stringMatching(/^[\w-]{8,64}$/),
    viewer: expect.stringMatching(/^[\w-]{11}$/),
    document: expect.stringMatching(/^[0-9a-f]{12}$/),
    type: 'query',
    transport: 'post',
    outcome: 'ok',
    ms: expect.any(Number),
    refs: 1,
    calls: 1,
  });
  await gateway.query('{ nothing }');
  const { document, type, ...refused } = linesOf(gateway)[1];
  expect([document, type]).toEqual([undefined, undefined]);
  expect(refused).toMatchObject({ outcome: 'refused', code: 'BAD_USER_INPUT', refs: 0, calls: 0 });
  for (const name of Object.keys({ ...line, ...refused })) expect(MEMBERS).toContain(name);
});

test('README has every member of a line, and no other', () => {
  const readme = readFileSync('README.md', 'utf8');
  const table = readme.slice(readme.indexOf('| member |')).split('\n\n', 1)[0] ?? '';
  const named = [...table.matchAll(/^\| (`[\w`, ]+`) \|/gm)].flatMap(([, names = '']) => names.match(/\w+/g) ?? []);
  expect(named.toSorted()).toEqual(MEMBERS.toSorted());
});

test('an operation is told at info where it is slow, or failed by our fault, and at debug else', async () => {
  const gateway = await start({ SLOW_MS: '100' });
  await gateway.query('{ __typename }');
  gateway.sandbox.partoo.misbehave({ delayMs: 150, times: 1 });
  await gateway.query('{ reviewInvitation(invitationId: "review-sent") { id } }');
  gateway.sandbox.partoo.misbehave({ status: 401 });
  await gateway.query('{ reviewInvitation(invitationId: "review-created") { id } }');
  gateway.sandbox.partoo.misbehave({ status: 400 });
  await gateway.query('{ reviewInvitation(invitationId: "review-delivered") { id } }');
  expect(linesOf(gateway).map(({ level, outcome, code }) => [level, outcome, code])).toEqual([
    [DEBUG, 'ok', undefined],
    [INFO, 'ok', undefined],
    [INFO, 'failed', 'PROVIDER_UNAUTHORIZED'],
    [DEBUG, 'failed', 'PROVIDER_REJECTED'],
  ]);
});

test('at the usual level an operation that is neither makes no line', async () => {
  const lines: string[] = [];
  const { answered } = createOperationLog(createLog('info', { write: (line) => void lines.push(line) }), 1_000);
  answered?.(recordOf({ endedAt: 900 }));
  answered?.(recordOf({ outcome: 'refused', codes: ['BAD_USER_INPUT'] }));
  expect(lines).toEqual([]);
  answered?.(recordOf({ endedAt: 1_000 }));
  expect(lines).toHaveLength(1);
});

const BASE = {
  requestId: 'request-1',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  transport: 'post',
  viewer: { id: 'ann@example.com', tenant: null },
  operation: undefined,
  outcome: 'ok',
  codes: [],
  startedAt: 0,
  endedAt: 1,
  refs: [
    { how: 'fresh', count: 2 },
    { how: 'miss', count: 1 },
  ],
  calls: 1,
};

const recordOf = (own: object = {}) => ({ ...BASE, ...own }) as unknown as OperationRecord;

test('a trace is named where there is one, and a viewer never', () => {
  const lines: string[] = [];
  const { answered } = createOperationLog(createLog('debug', { write: (line) => void lines.push(line) }), 1_000);
  answered?.(recordOf());
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId: BASE.traceId, refs: 3, calls: 1 });
  expect(lines[0]).not.toContain('ann');
});

test('a tenant is named where there is a file of tenants', () => {
  const lines: string[] = [];
  const { answered } = createOperationLog(createLog('debug', { write: (line) => void lines.push(line) }), 1_000);
  answered?.(recordOf());
  answered?.(recordOf({ viewer: { id: 'ann@example.com', tenant: { name: 'acme' } } }));
  expect(lines.map((line) => JSON.parse(line).tenant)).toEqual([undefined, 'acme']);
});

test('like lines are ten a second at most, of which the last stands for all that were left out', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  const { answered, refused } = createOperationLog(
    createLog('debug', { write: (line) => void lines.push(line) }),
    1_000,
  );
  for (let n = 0; n < 1_000; n++) {
    answered?.(recordOf({ outcome: 'refused', codes: ['RATE_LIMITED'] }));
    answered?.(recordOf({ endedAt: 5_000 }));
    refused?.('invalid');
  }
  vi.advanceTimersByTime(1_000);
  const told = lines.map((line) => JSON.parse(line));
  for (const isLike of [
    (line: { code?: string }) => line.code === 'RATE_LIMITED',
    (line: { ms?: number }) => line.ms === 5_000,
    (line: { reason?: string }) => line.reason === 'invalid',
  ]) {
    const like = told.filter(isLike);
    expect(like).toHaveLength(10);
    expect(like.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(1_000);
  }
  lines.length = 0;
  refused?.('invalid');
  refused?.('unavailable');
  expect(lines.map((line) => JSON.parse(line).level)).toEqual([DEBUG, INFO]);
  vi.advanceTimersByTime(5_000);
  expect(lines).toHaveLength(2);
});

test('a viewer has one digest, another one has another, and both are others in the next process', async () => {
  const gateway = await start({ AUTH_JWT_SECRET: SECRET });
  const ask = async (subject: string) =>
    fetch(`${gateway.origin}/graphql?query={__typename}`, {
      headers: { authorization: bearer({ sub: subject, invitations: '*' }) },
    });
  for (const subject of ['ann', 'ben', 'ann']) await ask(subject);
  const [first, second, third] = linesOf(gateway).map(({ viewer }) => viewer);
  expect(third).toBe(first);
  expect(second).not.toBe(first);
  vi.resetModules();
  const { digestOfViewer } = await import('../../src/telemetry/viewer-digest.ts');
  expect(digestOfViewer('ann')).toMatch(/^[\w-]{11}$/);
  const again = digestOfViewer('ann');
  vi.resetModules();
  expect((await import('../../src/telemetry/viewer-digest.ts')).digestOfViewer('ann')).not.toBe(again);
});

test('a request keeps the name that it comes with, where that is plausible, and gets one else', async () => {
  const gateway = await start();
  const ask = async (requestId: string | undefined, init: RequestInit = {}) => {
    const response = await fetch(`${gateway.origin}/graphql?query={__typename}`, {
      ...init,
      headers: { ...init.headers, ...(requestId === undefined ? {} : { 'x-request-id': requestId }) },
    });
    await response.arrayBuffer();
    return response.headers.get('x-request-id');
  };
  const own = '0b5fdc1f-1c70-4a7e-9f2e-2a1d3e1f7a10';
  expect(await ask(own)).toBe(own);
  const made = new Set<string | null>();
  for (const implausible of [undefined, 'short', 'ann@example.com', 'with space', 'x'.repeat(65), 'a,b,c,d,e,f']) {
    const named = await ask(implausible);
    expect(named).toMatch(/^[0-9a-f]{12}-[0-9a-z]{6,}$/);
    made.add(named);
  }
  expect(made.size).toBe(6);
  expect(linesOf(gateway).map(({ requestId }) => requestId)).toEqual([own, ...made]);
});

test.each<[string, RequestInit & { path?: string }, number]>([
  ['an answer', {}, 200],
  ['what cannot be parsed', { path: '?query={' }, 200],
  ['a method that is not taken', { method: 'PUT' }, 405],
  ['what is no operation', { path: '?variables=1&query={a}' }, 400],
  ['a body of another kind', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }, 415],
  ['what is not accepted', { headers: { accept: 'text/csv' } }, 406],
  ['a subscription without events', { path: '?query=subscription{invitationChanged(refs:[]){id}}' }, 406],
  ['events', { headers: { accept: 'text/event-stream' } }, 200],
])('%s names its request', async (_, { path = '?query={__typename}', ...init }, status) => {
  const gateway = await start();
  const headers = { 'x-request-id': 'a-request-of-mine', ...init.headers };
  const response = await fetch(`${gateway.origin}/graphql${path}`, { ...init, headers });
  await response.body?.cancel();
  expect(response.status).toBe(status);
  expect(response.headers.get('x-request-id')).toBe('a-request-of-mine');
});

test('a caller that is not admitted is told the name of its request, too', async () => {
  const gateway = await start({ AUTH_JWT_SECRET: SECRET });
  const response = await fetch(`${gateway.origin}/graphql?query={__typename}`);
  expect(response.status).toBe(401);
  expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{8,64}$/);
  expect(linesOf(gateway)).toMatchObject([
    { level: DEBUG, msg: 'callers were not admitted', reason: 'missing', count: 1 },
  ]);
});

test('the operations of a WebSocket have names in the log alone', async () => {
  const gateway = await start();
  const socket = await openSocket(gateway.origin);
  for (const id of ['1', '2']) socket.subscribe(id, { query: '{ __typename }' });
  await vi.waitUntil(() => gateway.operations.length === 2);
  const [first, second] = linesOf(gateway);
  expect(first).toMatchObject({ transport: 'websocket', outcome: 'ok' });
  expect(first.requestId).not.toBe(second.requestId);
});
