// Processes of the gateway from outside: environment and signals in; output and exit codes out.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

export const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
export const SANDBOX = fileURLToPath(new URL('../src/sandbox/main.ts', import.meta.url));

/** How long a process may take to start or to end before that is a failure, in milliseconds. */
export const PATIENCE_MS = 15_000;

export interface Run {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Code and signal that it ended with. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const runs: Run[] = [];

/** For `afterEach`: ends every process that was started. */
export async function endRuns(): Promise<void> {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Starts a process with these variables and no others. */
export function run(file: string, environment: Record<string, string>, ...args: string[]): Run {
  const child = spawn(process.execPath, [file, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const started = { child, stdout: () => stdout, stderr: () => stderr, ended };
  runs.push(started);
  return started;
}

/** Waits for the banner. */
export async function startGateway(environment: Record<string, string>): Promise<Run & { origin: string }> {
  const started = run(MAIN, { PORT: '0', ...environment });
  const origin = await vi.waitFor(() => {
    const found = /(http:\/\/127\.0\.0\.1:\d+)\/graphql/.exec(started.stdout())?.[1];
    if (found === undefined) throw new Error(`no banner yet: ${started.stdout()}${started.stderr()}`);
    return found;
  }, PATIENCE_MS);
  return { ...started, origin };
}
