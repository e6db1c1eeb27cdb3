// README's production part, followed in a clean folder: its commands and its configuration as they stand there, but for
// keys, ports, and where the providers and Redis are. One of the two processes is told to go under load.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts';
import { flagsOf, START_FLAGS } from './bench/start-flags.ts';
import { subscribeAnew } from './clients/subscribe-anew.ts';
import { freePort } from './free-port.ts';
import { type RedisServer, startRedisServer } from './redis/server.ts';
import { bearer, SECRET } from './server/signed.ts';

const TOKEN = bearer({ exp: Math.floor(Date.now() / 1_000) + 600 });
const PATIENCE = { timeout: 30_000, interval: 50 };
const readme = readFileSync('README.md', 'utf8');
const part = readme.slice(readme.indexOf('### In production'));
const [, commands = ''] = /^```sh\n([\s\S]*?)^```/m.exec(part) ?? [];
const [, configuration = ''] = /^```haproxy\n([\s\S]*?)^```/m.exec(part) ?? [];

let sandbox: Sandbox;
let redis: RedisServer;
let folder: string;
let shell: ChildProcess;
let said = '';
let origin: string;
/** npm, by the port of its gateway. */
const processes = new Map<string, number>();

beforeAll(async () => {
  sandbox = await startSandbox({ partoo: { latencyMs: 20, quota: [] }, cronofy: { latencyMs: 20, quota: [] } });
  redis = await startRedisServer();
  folder = await mkdtemp(join(tmpdir(), 'production-'));
  for (const path of ['src', 'package.json']) await cp(path, join(folder, path), { recursive: true });
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));

  const ports = { 4001: await freePort(), 4002: await freePort(), 8080: await freePort() };
  const replace = (from: string) =>
    from
      .replace(/\b(?:4001|4002|8080)\b/g, (port) => String(ports[port as unknown as keyof typeof ports]))
      .replaceAll('redis://127.0.0.1:6379', redis.url)
      .replace('PARTOO_API_KEY=…', `PARTOO_API_KEY=${sandbox.variables.PARTOO_API_KEY}`)
      .replace('AUTH_JWT_SECRET=…', `AUTH_JWT_SECRET=${SECRET}`)
      .replace('CRONOFY_CLIENT_SECRET=…', `CRONOFY_CLIENT_SECRET=${sandbox.variables.CRONOFY_CLIENT_SECRET}`);
  // What HAProxy has made up for is asked of it by its socket, and would hide what a gateway has lost.
  const socket = `global\n  stats socket ${folder}/haproxy.sock\n\n`;
  await writeFile(join(folder, 'haproxy.cfg'), socket + replace(configuration));
  origin = `http://127.0.0.1:${ports[8080]}`;

  const { PARTOO_BASE_URL = '', CRONOFY_BASE_URL = '' } = sandbox.variables;
  shell = spawn('bash', ['-e', '-c', replace(commands)], {
    cwd: folder,
    // Debian has HAProxy where only administrators look.
    // The load of many callers comes from one.
    env: {
      PATH: `${process.env.PATH}:/usr/sbin`,
      HOME: folder,
      PARTOO_BASE_URL,
      CRONOFY_BASE_URL,
      CALLER_RATE: '100000/60s',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, which is ended as a whole.
    detached: true,
  });
  for (const output of [shell.stdout, shell.stderr]) {
    output?.on('data', (chunk) => {
      said += chunk;
    });
  }
  await vi.waitUntil(async () => {
    if (shell.exitCode !== null) throw new Error(`it did not start: ${said}`);
    const statuses = await Promise.all([4001, 4002, 8080].map((port) => readiness(ports[port as keyof typeof ports])));
    return statuses.every((status) => status === 200);
  }, PATIENCE);
  for (const pid of childrenOf(shell.pid)) {
    const port = /(?:^|\0)PORT=(\d+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1];
    if (port !== undefined) processes.set(port, pid);
  }
}, 60_000);

afterAll(async () => {
  if (shell?.pid !== undefined && shell.exitCode === null) {
    const ended = once(shell, 'close');
    process.kill(-shell.pid, 'SIGKILL');
    await ended;
  }
  await redis?.stop();
  await sandbox?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function readiness(port: number): Promise<number> {
  return fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ status }) => status,
    () => 0,
  );
}

function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Rejects where the connection breaks. */
async function ask(agent: Agent | false): Promise<string> {
  const query = '{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { deliveryStatus } }';
  const headers = { 'content-type': 'application/json', authorization: TOKEN };
  const sent = request(`${origin}/graphql`, { method: 'POST', headers, agent });
  sent.end(JSON.stringify({ query }));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return `${answer.statusCode} ${await text(answer)}`;
}

/** How often HAProxy could not connect, got no answer, tried again, or went to the other one, by server. */
async function madeUpFor(): Promise<Record<string, string>> {
  const socket = connect(join(folder, 'haproxy.sock'));
  socket.end('show stat\n');
  const [head = [], ...rows] = (await text(socket)).split('\n').map((line) => line.split(','));
  const servers = rows.filter(([proxy, name]) => proxy === 'gateways' && name !== 'BACKEND');
  const columns = ['econ', 'eresp', 'wretr', 'wredis'].map((name) => head.indexOf(name));
  return Object.fromEntries(servers.map((row) => [row[1], columns.map((column) => row[column]).join()]));
}

const LIVE = 'subscription Live($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id status isFinal } }';
const PENDING = { smartInvite: { smartInviteId: 'invite-pending' } };

test('its command without npm has the flags of npm start', () => {
  const command = /^exec node .+$/m.exec(part)?.[0] ?? '';
  expect(command).toMatch(/ src\/main\.ts$/);
  expect(flagsOf(command)).toEqual(START_FLAGS);
});

test('one process is told to go under load: no request is lost, and streams go on', {
  timeout: 120_000,
}, async () => {
  expect(said).toContain('The settings are right.');
  const kept = new Agent({ keepAlive: true, maxSockets: 4 });
  onTestFinished(() => kept.destroy());
  const outcomes = new Map<string, number>();
  let isOver = false;
  const load = Array.from({ length: 8 }, async (_, n) => {
    while (!isOver) {
      const outcome = await ask(n < 4 ? kept : false).catch((error: Error) => `lost: ${error.message}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  });
  const statuses: Record<'sse' | 'webSocket', unknown[]> = { sse: [], webSocket: [] };
  const faults: unknown[] = [];
  const request = { query: LIVE, variables: { refs: [PENDING] } };
  const sinkOf = (to: unknown[]) => ({
    next: ({ data }: { data?: unknown }) =>
      void to.push((data as { invitationChanged?: { status: string } })?.invitationChanged?.status),
    error: (error: unknown) => void faults.push(error),
    complete: () => void faults.push('completed'),
  });
  const shown = { authorization: TOKEN };
  const sse = createSseClient({ url: `${origin}/graphql`, retryAttempts: 0, headers: shown });
  const url = `${origin.replace('http', 'ws')}/graphql`;
  const ws = createWsClient({ url, webSocketImpl: WebSocket, connectionParams: shown });
  onTestFinished(() => {
    sse.dispose();
    void ws.dispose();
  });
  onTestFinished(subscribeAnew(sse, request, sinkOf(statuses.sse) as never));
  onTestFinished(ws.subscribe(request, sinkOf(statuses.webSocket) as never));
  await vi.waitUntil(() => statuses.sse.length > 0 && statuses.webSocket.length > 0, PATIENCE);

  const [[port = '', pid = 0] = []] = processes;
  expect(processes.size).toBe(2);
  // It was started before the gateways listened.
  const madeUpBefore = await madeUpFor();
  expect(Object.keys(madeUpBefore)).toEqual(['one', 'two']);
  process.kill(pid, 'SIGTERM');
  await vi.waitUntil(async () => (await readiness(Number(port))) === 503, PATIENCE);
  await vi.waitUntil(async () => (await readiness(Number(port))) === 0, PATIENCE);
  const before = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  // What comes now is served by the other one.
  await vi.waitUntil(() => [...outcomes.values()].reduce((sum, count) => sum + count, 0) > before + 50, PATIENCE);
  sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
  const areTold = () => statuses.sse.at(-1) === 'ACCEPTED' && statuses.webSocket.at(-1) === 'ACCEPTED';
  await vi.waitUntil(areTold, PATIENCE);
  isOver = true;
  await Promise.all(load);
  expect([...outcomes.keys()]).toEqual(['200 {"data":{"reviewInvitation":{"deliveryStatus":"SENT"}}}']);
  expect(faults).toEqual([]);
  expect(await madeUpFor()).toEqual(madeUpBefore);
});
