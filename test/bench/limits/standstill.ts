// For how long a server stands still while it answers: seen from outside, by a second connection that asks whether it is
// alive, again and again. The longest that one of these answers takes is the standstill.

import { Agent, request } from 'node:http';

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

export interface Standstills {
  /** The longest during each operation, in milliseconds. */
  readonly longestMs: readonly number[];
  readonly lastAnswer: Answer;
}

/** So many operations, one after the other. */
export async function standstills(origin: string, times: number, body: (run: number) => string): Promise<Standstills> {
  let longestMs = 0;
  let isOver = false;
  let probe = Promise.resolve();

  async function probeAll(): Promise<void> {
    while (!isOver) {
      const startedAt = performance.now();
      probe = ask(origin, 'GET', '/health').then(() => {
        longestMs = Math.max(longestMs, performance.now() - startedAt);
      });
      await probe;
    }
  }

  async function operate(): Promise<Standstills> {
    const found: number[] = [];
    let lastAnswer: Answer = { status: 0, body: Buffer.alloc(0) };
    for (let run = 0; run < times; run++) {
      longestMs = 0;
      lastAnswer = await ask(origin, 'POST', '/graphql', body(run));
      // The one that was sent while the server stood still tells for how long it did.
      await probe;
      found.push(longestMs);
    }
    return { longestMs: found, lastAnswer };
  }

  const operating = operate().finally(() => {
    isOver = true;
  });
  await Promise.all([probeAll(), operating]);
  return operating;
}
