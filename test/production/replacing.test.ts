// README's way on a machine, followed in a clean folder: its commands and its configuration as they stand there, but for
// secrets, ports, and where the providers and Redis are. Both processes are replaced in turn under load.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient as createSseClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { createSocketClient } from '../clients/snippets/web-socket-client.ts';
import { subscribeAnew } from '../clients/subscribe-anew.ts';
import { freePort } from '../free-port.ts';
import { type RedisServer, startRedisServer } from '../redis/server.ts';
import { blockOf, SECRET_FILES } from './page.ts';

const TOKEN = bearer({ exp: Math.floor(Date.now() / 1_000) + 600 });
const PATIENCE = { timeout: 60_000, interval: 50 };

/** Of each kind; a caller may have ten. */
const STREAMS = 4;

let sandbox: Sandbox;
let redis: RedisServer;
let folder: string;
let origin: string;
let ports: Readonly<Record<4001 | 4002 | 8080, number>>;
const shells: ChildProcess[] = [];
let said = '';

beforeAll(async () => {
  sandbox = await startSandbox({ partoo: { latencyMs: 20, quota: [] }, cronofy: { latencyMs: 20, quota: [] } });
  redis = await startRedisServer();
  folder = await mkdtemp(join(tmpdir(), 'production-'));
  for (const path of ['src', 'package.json']) await cp(path, join(folder, path), { recursive: true });
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  ports = { 4001: await freePort(), 4002: await freePort(), 8080: await freePort() };
  origin = `http://127.0.0.1:${ports[8080]}`;
  sandbox.notify(origin);
  // What HAProxy has made up for is asked of it by its socket, and would hide what a gateway has lost.
  const socket = `global\n  stats socket ${folder}/haproxy.sock\n\n`;
  await writeFile(join(folder, 'haproxy.cfg'), socket + withPorts(blockOf('haproxy', 'backend')));

  const start = run([secrets(), blockOf('sh', 'export'), blockOf('sh', '--check')]);
  await vi.waitUntil(async () => {
    if (start.exitCode !== null) throw new Error(`it did not start: ${said}`);
    const statuses = await Promise.all(Object.values(ports).map(readiness));
    return statuses.every((status) => status === 200);
  }, PATIENCE);
}, 90_000);

afterAll(async () => {
  for (const shell of shells) endGroup(shell);
  await redis?.stop();
  await sandbox?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

function withPorts(text: string): string {
  return Object.entries(ports).reduce((all, [port, own]) => all.replaceAll(port, String(own)), text);
}

/** The page's commands that write them, with the test's own. */
function secrets(): string {
  const own: Record<string, string> = { ...sandbox.variables, AUTH_JWT_SECRET: SECRET, REDIS_URL: redis.url };
  return Object.entries(SECRET_FILES).reduce(
    (all, [name, text]) => all.replace(`'${text}' >secrets/${name}`, `'${own[name]}' >secrets/${name}`),
    blockOf('sh', 'mkdir'),
  );
}

/** Runs commands of the page in a shell of their own. */
function run(blocks: readonly string[]): ChildProcess {
  const { PARTOO_BASE_URL = '', CRONOFY_BASE_URL = '' } = sandbox.variables;
  const shell = spawn('bash', ['-e', '-c', withPorts(blocks.join(''))], {
    cwd: folder,
    env: {
      // Debian has HAProxy where only administrators look.
      PATH: `${process.env.PATH}:/usr/sbin`,
      HOME: folder,
      PARTOO_BASE_URL,
      CRONOFY_BASE_URL,
      // The load of many callers comes from one.
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
  shells.push(shell);
  return shell;
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

async function readiness(port: number): Promise<number> {
  return fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ status }) => status,
    () => 0,
  );
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
const INVITE = { id: 'invite-pending', email: 'invite-pending@example.com' };

interface Shown {
  readonly statuses: unknown[];
  readonly faults: unknown[];
  /** How long it had no stream, each time that one ended, in milliseconds. */
  readonly gapsMs: number[];
}

/** A stream as README's page has it, over graphql-sse or graphql-ws. */
function show(transport: 'SSE' | 'WebSocket'): Shown {
  const shown: Shown = { statuses: [], faults: [], gapsMs: [] };
  let endedAt: number | undefined;
  const onEnd = () => {
    endedAt ??= performance.now();
  };
  const variables = { refs: [{ smartInvite: { smartInviteId: INVITE.id } }] };
  const sink = {
    next({ data, errors }: { data?: unknown; errors?: unknown }) {
      if (errors !== undefined) shown.faults.push(errors);
      if (endedAt !== undefined) shown.gapsMs.push(performance.now() - endedAt);
      endedAt = undefined;
      shown.statuses.push((data as { invitationChanged?: { status: string } } | null)?.invitationChanged?.status);
    },
    error: (error: unknown) => void shown.faults.push(error),
    complete: () => void shown.faults.push('completed'),
  };
  if (transport === 'SSE') {
    const client = createSseClient({ url: `${origin}/graphql`, retryAttempts: 0, headers: { authorization: TOKEN } });
    const subscribe: typeof client.subscribe = (request, sink) => {
      const complete = () => {
        onEnd();
        sink.complete();
      };
      return client.subscribe(request, { ...sink, next: sink.next, error: sink.error, complete });
    };
    const leave = subscribeAnew({ subscribe } as never, { query: LIVE, variables }, sink as never);
    onTestFinished(() => {
      leave();
      client.dispose();
    });
  } else {
    const client = createSocketClient(`${origin.replace('http', 'ws')}/graphql`, async () => ({
      authorization: TOKEN,
    }));
    client.on('closed', onEnd);
    const leave = client.subscribe({ query: LIVE, variables }, sink as never);
    onTestFinished(() => {
      leave();
      void client.dispose();
    });
  }
  return shown;
}

test('the settings are right by its own word, and nobody else can read the secrets', async () => {
  expect(said).toContain('The settings are right.');
  expect((await stat(join(folder, 'secrets'))).mode & 0o777).toBe(0o700);
  expect(Object.keys(SECRET_FILES)).toHaveLength(4);
});

test('both processes are replaced in turn under load: no request is lost, and streams go on', {
  timeout: 180_000,
}, async () => {
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
  const streams = (['SSE', 'WebSocket'] as const).flatMap((kind) => Array.from({ length: STREAMS }, () => show(kind)));
  await vi.waitUntil(() => streams.every(({ statuses }) => statuses.length > 0), PATIENCE);
  // It was started before the gateways listened.
  const madeUpBefore = await madeUpFor();
  expect(Object.keys(madeUpBefore)).toEqual(['one', 'two']);
  const pidsBefore = pids();

  const replacing = run([blockOf('sh', 'export'), blockOf('sh', 'kill')]);
  const replies = setInterval(() => reply(['tentative', 'declined'][Math.floor(Math.random() * 2)]), 500);
  onTestFinished(() => clearInterval(replies));
  await vi.waitUntil(() => replacing.exitCode !== null, { ...PATIENCE, timeout: 120_000 });
  clearInterval(replies);
  expect([replacing.exitCode, said.match(/the gateway stops/g)?.length], said).toEqual([0, 2]);
  for (const [n, pid] of pids().entries()) expect(pid).not.toBe(pidsBefore[n]);
  reply('accepted');
  await vi.waitUntil(() => streams.every(({ statuses }) => statuses.at(-1) === 'ACCEPTED'), PATIENCE);
  isOver = true;
  await Promise.all(load);

  expect([...outcomes.keys()]).toEqual(['200 {"data":{"reviewInvitation":{"deliveryStatus":"SENT"}}}']);
  expect(streams.flatMap(({ faults }) => faults)).toEqual([]);
  expect(await madeUpFor()).toEqual(madeUpBefore);
  // Each was at one that went.
  const gaps = streams.map(({ gapsMs }) => gapsMs);
  for (const each of gaps) expect(each.length).toBeGreaterThan(0);
  const [answers] = outcomes.values();
  const longest = (of: number[][]) => Math.max(...of.flat()).toFixed(0);
  console.log(
    `${answers} requests, none lost; the longest that a stream took to go on: ${longest(gaps.slice(0, STREAMS))} ms over SSE, ` +
      `${longest(gaps.slice(STREAMS))} ms over WebSocket`,
  );
});

function pids(): string[] {
  return [4001, 4002].map((port) => readFileSync(join(folder, `${ports[port as 4001 | 4002]}.pid`), 'utf8').trim());
}

function reply(status = 'accepted'): void {
  sandbox.cronofy.reply(INVITE.id, { email: INVITE.email, status });
}
