// The processes of a benchmark: each on the core it is given, ready when it listens, ended when it is over.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { START_VARIABLES } from './start-flags.ts';

const children: ChildProcess[] = [];

/** Starts a script of this repository on its cores, and waits until it listens on `port`. */
export async function start(
  script: string,
  args: readonly string[],
  options: {
    /** One, or several as taskset names them. */
    readonly core: number | string;
    readonly port: number;
    /** Node's and V8's own; none by default. */
    readonly flags?: readonly string[];
    readonly environment?: Record<string, string>;
    readonly output?: boolean;
  },
): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const command = [process.execPath, ...(options.flags ?? []), path, ...args];
  const child = spawn('taskset', ['-c', String(options.core), ...command], {
    stdio: ['ignore', options.output ? 'pipe' : 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, ...START_VARIABLES, ...options.environment },
  });
  children.push(child);
  while (!(await listens(options.port))) {
    if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode} before it listened`);
    await sleep(10);
  }
  return child;
}

export function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

export async function stopAll(): Promise<void> {
  await Promise.all(children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(stop));
}

/** Resident memory of a process in megabytes: what it has now, and the most that it ever had. */
export function residentMegabytes(child: ChildProcess): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** Seconds of processor time that a process has used. */
export function cpuSeconds(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
