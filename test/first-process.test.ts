// The gateway as a container has it: its command is the first process of a pid namespace, gets SIGTERM, and takes
// everything in the container along when it ends. Signals that it does not handle itself do not reach it at all.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { START_FLAGS } from './bench/start-flags.ts';
import { freePort } from './free-port.ts';
import { PATIENCE_MS } from './process.ts';
import { startProviderOnDemand } from './provider-on-demand.ts';

const PATIENCE = { timeout: PATIENCE_MS, interval: 20 };

/** Starts a command as the first process of a namespace of its own. */
async function startFirst(command: readonly string[], environment: Record<string, string>) {
  const home = mkdtempSync(join(tmpdir(), 'first-process-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const port = await freePort();
  // Where this user may not make a namespace of processes, it may in one of users.
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawn('unshare', [...asRoot, '--pid', '--mount-proc', '--fork', '--kill-child', ...command], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      NODE_ENV: 'production',
      AUTH: 'off',
      PORT: String(port),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (text) => {
      said += text;
    });
  }
  await vi.waitUntil(() => {
    if (child.exitCode !== null) throw new Error(`it did not start: ${said}`);
    return said.includes('listens on');
  }, PATIENCE);
  const pid = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  return { origin: `http://127.0.0.1:${port}`, pid: Number(pid), ended };
}

test.each([
  ['node', ['node', ...START_FLAGS, 'src/main.ts']],
  ['npm start', ['npm', 'start']],
])(
  '%s as the first process drains on SIGTERM, answers what is in flight, and ends with 0',
  { timeout: 60_000 },
  async (_, command) => {
    const provider = await startProviderOnDemand();
    const { origin, pid, ended } = await startFirst(command, { ...provider.variables, DRAIN_SECONDS: '1' });
    const inFlight = fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ reviewInvitation(invitationId: \\"slow\\") { deliveryStatus } }"}',
    });
    await provider.asked(1);
    process.kill(pid, 'SIGTERM');
    await vi.waitUntil(async () => (await fetch(`${origin}/ready`)).status === 503, PATIENCE);
    provider.answer();
    expect(await (await inFlight).json()).toEqual({ data: { reviewInvitation: { deliveryStatus: 'SENT' } } });
    expect(await ended).toEqual({ code: 0, signal: null });
  },
);
