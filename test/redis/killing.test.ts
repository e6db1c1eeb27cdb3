// Two gateway processes, one Redis, subscribers that come again when their stream breaks, and callers who ask all the
// time: each part is killed in turn, and what changes meanwhile reaches every screen all the same.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-sse';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { freePort } from '../free-port.ts';
import { invite, review } from '../live/subscriber.ts';
import { startRedisServer } from './server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const GUEST = 'invite-pending@example.com';

/** Far less than the safety read of five minutes, and enough for the watcher's next two. */
const SHOWN_WITHIN_MS = 15_000;

interface GatewayProcess {
  origin: string;
  child: ChildProcess;
}

async function startProcess(environment: Record<string, string>, port?: number): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...environment, PORT: String(port ?? (await freePort())) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const origin = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`a gateway ended with ${code}`)));
    createInterface(child.stdout).on('line', (line) => {
      const found = /listens on (http:\/\/127\.0\.0\.1:\d+)\//.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { origin, child };
}

async function kill({ child }: GatewayProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** A screen: keeps the last states, and subscribes again at any process that listens when its stream breaks. */
function openScreen(origins: () => string[], turn: number): Map<string, string | null> {
  const shown = new Map<string, string | null>();
  let tries = turn;
  const client = createClient({
    url: () => {
      const alive = origins();
      return `${alive[tries++ % alive.length]}/graphql`;
    },
    retryAttempts: 1_000,
    retry: () => sleep(100),
  });
  const query = `subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) {
    ... on ReviewInvitation { invitationId rawStatus } ... on SmartInvite { smartInviteId recipient { comment } }
  } }`;
  const leave = client.subscribe<{ invitationChanged: Record<string, never> }>(
    { query, variables: { refs: [invite('invite-pending'), review('review-waiting-1')] } },
    {
      next({ data }) {
        const { smartInviteId, invitationId, recipient, rawStatus } = data?.invitationChanged ?? {};
        if (smartInviteId)
          shown.set(smartInviteId, (recipient as { comment: string | null } | undefined)?.comment ?? null);
        if (invitationId) shown.set(invitationId, rawStatus ?? null);
      },
      error: () => undefined,
      complete: () => undefined,
    },
  );
  onTestFinished(leave);
  return shown;
}

/** Asks all of them all the time. @returns the errors of those that were not being killed. */
function startCallers(origins: () => string[]): string[] {
  const errors: string[] = [];
  let isOver = false;
  onTestFinished(() => {
    isOver = true;
  });
  const query = `{ invitations(refs: [
    { smartInvite: { smartInviteId: "invite-pending" } }, { reviewInvitation: { invitationId: "review-waiting-1" } },
    { reviewInvitation: { invitationId: "review-sent" } }
  ]) { id status } }`;
  const ask = async (origin: string) => {
    try {
      const response = await fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      const answer = (await response.json()) as { errors?: unknown };
      if (answer.errors !== undefined) errors.push(JSON.stringify(answer.errors));
    } catch {
      if (origins().includes(origin)) errors.push('an answer was cut');
    }
  };
  void (async () => {
    while (!isOver) {
      for (const origin of origins()) void ask(origin);
      await sleep(20);
    }
  })();
  return errors;
}

test('killing one of two processes and Redis in turn under load loses no change and ends no other process', async () => {
  const sandbox: Sandbox = await startSandbox({
    cronofy: { latencyMs: 20, quota: [] },
    partoo: { latencyMs: 20, quota: [] },
  });
  onTestFinished(() => sandbox.stop());
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const environment = { ...sandbox.variables, REDIS_URL: redis.url, PROCESSES: '2', LOG_LEVEL: 'error' };
  const a = await startProcess(environment);
  const b = await startProcess(environment);
  const alive = new Set([a, b]);
  const origins = () => [...alive].map(({ origin }) => origin);
  // As a load balancer would.
  const notifyOneAlive = () => sandbox.notify(origins()[0] ?? '');
  notifyOneAlive();

  const screens = Array.from({ length: 6 }, (_, n) => openScreen(origins, n));
  const untilAllShow = (comment: string | null, status: string) =>
    vi.waitUntil(
      () =>
        screens.every((shown) => shown.get('invite-pending') === comment && shown.get('review-waiting-1') === status),
      { timeout: SHOWN_WITHIN_MS, interval: 20 },
    );
  await untilAllShow(null, 'SENT');
  const errors = startCallers(origins);

  function change(n: number): [comment: string, status: string] {
    const [comment, status] = [`reply ${n}`, n % 2 ? 'CREATED' : 'SENT'];
    sandbox.partoo.put({ invitation_id: 'review-waiting-1', status });
    sandbox.cronofy.reply('invite-pending', { email: GUEST, status: 'tentative', comment });
    return [comment, status];
  }

  async function killAndRestart(victim: GatewayProcess, n: number): Promise<void> {
    alive.delete(victim);
    await kill(victim);
    notifyOneAlive();
    const changed = change(n);
    Object.assign(victim, await startProcess(environment, Number(new URL(victim.origin).port)));
    alive.add(victim);
    await untilAllShow(...changed);
  }

  await killAndRestart(a, 1);
  await redis.kill();
  const whileRedisWasAway = change(2);
  await sleep(500);
  await redis.restart();
  await untilAllShow(...whileRedisWasAway);
  await killAndRestart(b, 3);

  expect(errors).toEqual([]);
  for (const { child } of alive) expect([child.exitCode, child.signalCode]).toEqual([null, null]);
}, 60_000);
