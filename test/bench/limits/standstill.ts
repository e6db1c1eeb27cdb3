// For how long a server stands still while it answers: seen from outside, by a second connection that asks whether it is
// alive, again and again (probe.ts). The longest that one of these answers takes is the standstill, without the time that
// the server waited for a processor: others on this machine had it.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Worker } from 'node:worker_threads';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The longest that an answer is waited for. */
const TIMEOUT_MS = 20_000;

const agent = new Agent({ keepAlive: true });

/** @throws NoAnswer where none has come in time, or the connection broke. */
export function ask(origin: string, method: 'GET' | 'POST' | 'PUT', path: string, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(`${origin}${path}`, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => reject(new NoAnswer(error.message)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    const timer = setTimeout(() => asked.destroy(new NoAnswer('no answer came in time')), TIMEOUT_MS);
    asked.on('error', (error) => reject(new NoAnswer(error.message)));
    asked.on('close', () => clearTimeout(timer));
    asked.end(body);
  });
}

export interface Server {
  readonly origin: string;
  readonly process: ChildProcess;
}

export interface Standstills {
  /** The longest during each operation, in milliseconds. */
  readonly longestMs: readonly number[];
  readonly lastAnswer: Answer;
}

/** So many operations, one after the other. */
export async function standstills(
  { origin, process: { pid } }: Server,
  times: number,
  body: (run: number) => string,
): Promise<Standstills> {
  const probe = new Worker(new URL('probe.ts', import.meta.url), { workerData: { origin, pid } });
  const longestSince = async () => {
    probe.postMessage('tell');
    const [longestMs] = await once(probe, 'message');
    return longestMs as number;
  };
  try {
    const longestMs: number[] = [];
    let lastAnswer: Answer = { status: 0, body: Buffer.alloc(0) };
    await longestSince();
    for (let run = 0; run < times; run++) {
      lastAnswer = await ask(origin, 'POST', '/graphql', body(run));
      longestMs.push(await longestSince());
    }
    return { longestMs, lastAnswer };
  } finally {
    await probe.terminate();
  }
}
