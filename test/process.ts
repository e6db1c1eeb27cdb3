// Processes of the gateway from outside: environment and signals in; output and exit codes out.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UNLIMITED } from './harness.ts';
import { expectPrivateLog, secretsIn } from './private.ts';

export const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
export const SANDBOX = fileURLToPath(new URL('../src/sandbox/main.ts', import.meta.url));

/** How long a process may take to start or to end before that is a failure, in milliseconds. */
export const PATIENCE_MS = 15_000;

export interface Run {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The variables that it was started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Code and signal that it ended with. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const runs: (Run & { readonly secrets: readonly string[] })[] = [];

/** For `afterEach`: ends every process that was started. */
export async function endRuns(): Promise<void> {
  const ending = runs.splice(0);
  for (const { child, ended } of ending) {
    child.kill('SIGKILL');
    await ended;
  }
  for (const { stdout, secrets } of ending) {
    expectPrivateLog(
      stdout()
        .split('\n')
        .filter((line) => line.startsWith('{"level"')),
      secrets,
    );
  }
}

/** Starts a process with these variables and no others. */
export function run(file: string, environment: Record<string, string>, ...args: string[]): Run {
  return start(process.execPath, [file, ...args], environment);
}

function start(program: string, args: readonly string[], environment: Record<string, string>): Run {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const started = { child, environment, stdout: () => stdout, stderr: () => stderr, ended };
  runs.push({ ...started, secrets: secretsIn(environment) });
  return started;
}

/** Waits for the banner. */
export function startGateway(environment: Record<string, string>): Promise<Run & { origin: string }> {
  return untilStarted(run(MAIN, { PORT: '0', ...UNLIMITED, ...environment }));
}

/** One that may have so many files open, connections among them. */
export function startGatewayWithFiles(
  files: number,
  environment: Record<string, string>,
): Promise<Run & { origin: string }> {
  const args = ['-c', `ulimit -n ${files} && exec "$0" "$@"`, process.execPath, MAIN];
  return untilStarted(start('/bin/sh', args, { PORT: '0', ...environment }));
}

async function untilStarted(started: Run): Promise<Run & { origin: string }> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const origin = /(http:\/\/127\.0\.0\.1:\d+)\/graphql/.exec(started.stdout())?.[1];
    if (origin !== undefined) return { ...started, origin };
    await sleep(10);
  }
  throw new Error(`no banner yet: ${started.stdout()}${started.stderr()}`);
}
