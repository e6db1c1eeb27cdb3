// A load of HTTP POSTs by wrk, which takes little of the core that it shares with the upstream. The bodies are sent again and
// again; what is new in each of them is made as it is sent.

import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Each of these in a body is sent as a text that nothing was sent with before. */
export const NEW = '%NEW%';

export interface WrkOptions {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  readonly bodies: readonly string[];
  /** Sent as Authorization. */
  readonly authorization?: string | undefined;
  /** The core that wrk has. */
  readonly core: number;
  /** Looks for errors in every answer, which makes wrk slower. Else an answer fails by its status alone. */
  readonly isChecked?: boolean;
}

export interface WrkResult {
  readonly perSecond: number;
  readonly failures: number;
  /** For how long the load was there. */
  readonly seconds: number;
  readonly p99Ms: number;
}

export function hasWrk(): boolean {
  return spawnSync('wrk', ['-v']).error === undefined;
}

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

let runs = 0;

export async function wrk(options: WrkOptions): Promise<WrkResult> {
  const seconds = Math.ceil(options.durationMs / 1_000);
  const load = ['-t', '1', '-c', String(options.connections), '-d', `${seconds}s`, '-s', SCRIPT];
  const url = `http://127.0.0.1:${options.port}/graphql`;
  const command = ['wrk', ...load, url, '--', String(runs++), options.isChecked ? 'check' : 'trust'];
  if (options.authorization !== undefined) command.push(options.authorization);
  const child = spawn('taskset', ['-c', String(options.core), ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${options.bodies.join('\n')}\n`);
  const output = await text(child.stdout);
  const line = output.split('\n').findLast((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`wrk did not say what came of it:\n${output}`);
  const { answers, ...result } = JSON.parse(line) as Omit<WrkResult, 'perSecond'> & { answers: number };
  return { perSecond: answers / result.seconds, ...result };
}
