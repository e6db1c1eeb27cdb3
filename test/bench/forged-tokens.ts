// Forged tokens, each another one: how long those with a good token wait meanwhile, beside how long they wait when nobody
// forges. By turns at one gateway; those with a good token ask at a steady rate for what is known.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { AUDIENCE, bearer, forge, SECRET } from '../access/tokens.ts';
import { one } from './cases.ts';
import { p99 } from './figures.ts';
import { stop } from './processes.ts';
import { PORTS, startGateway, startUpstream } from './servers.ts';

const FORGED_PER_SECOND = 1_000;
const TURNS = 3;
const TURN_MS = 2_500;
const READERS = 16;
const READS_APART_MS = 5;
const MAX_RATIO = 2;

/** What is wrong with a token: the gateway looks at its text, at its claims, or at its signature. */
const KINDS: Readonly<Record<string, (n: number) => string>> = {
  'no token': (n) => `rubbish-${n}`,
  'for another audience': (n) => forge({ alg: 'HS256' }, claimsOf(n, 'another'), SECRET),
  'signed by another': (n) => forge({ alg: 'HS256' }, claimsOf(n), 'another secret of thirty-two bytes'),
};

const exp = Math.floor(Date.now() / 1_000) + 3_600;
const claimsOf = (n: number, aud = AUDIENCE) => ({ sub: 'forger', aud, exp, invitations: '*', n });

/** @returns whether the p99 of those with a good token holds. */
export async function forgedTokens(): Promise<boolean> {
  const upstream = await startUpstream();
  const gateway = await startGateway(PORTS.withTokens, { AUTH: 'required', AUTH_JWT_SECRET: SECRET });
  const pool = new Pool(`http://127.0.0.1:${PORTS.withTokens}`, { connections: 128 });
  const good = bearer({ sub: 'good', exp });
  let forged = 0;

  async function ask(id: string, authorization: string): Promise<number> {
    const headers = { 'content-type': 'application/json', authorization };
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers,
      body: one(id).graphql,
    });
    await body.dump();
    return statusCode;
  }

  async function askForged(token: string): Promise<void> {
    const status = await ask('id-0', `Bearer ${token}`);
    // After some of them the address is told to wait.
    if (status !== 401 && status !== 429) throw new Error(`a forged token was answered with ${status}`);
  }

  async function forgeAll(tokens: readonly string[]): Promise<void> {
    const asked: Promise<void>[] = [];
    const startedAt = performance.now();
    while (asked.length < tokens.length) {
      const due = ((performance.now() - startedAt) * FORGED_PER_SECOND) / 1_000;
      for (const token of tokens.slice(asked.length, due)) asked.push(askForged(token));
      await sleep(1);
    }
    await Promise.all(asked);
  }

  /** Milliseconds that each answer took. */
  async function turn(tokenOf?: (n: number) => string): Promise<number[]> {
    const count = (FORGED_PER_SECOND * TURN_MS) / 1_000;
    const tokens = tokenOf === undefined ? [] : Array.from({ length: count }, () => tokenOf(forged++));
    const latencies: number[] = [];
    const until = performance.now() + TURN_MS;
    const reader = async (n: number) => {
      for (; performance.now() < until; await sleep(READS_APART_MS)) {
        const startedAt = performance.now();
        if ((await ask(`id-${n}`, good)) !== 200) throw new Error('a good token was refused');
        latencies.push(performance.now() - startedAt);
      }
    };
    await Promise.all([forgeAll(tokens), ...Array.from({ length: READERS }, (_, n) => reader(n))]);
    return latencies;
  }

  const held: boolean[] = [];
  try {
    for (const [name, tokenOf] of Object.entries(KINDS)) {
      const [without, beside]: [number[], number[]] = [[], []];
      for (const each of [undefined, tokenOf]) await turn(each);
      for (let n = 0; n < TURNS; n++) {
        without.push(...(await turn()));
        beside.push(...(await turn(tokenOf)));
      }
      const ratio = p99(beside) / p99(without);
      held.push(ratio < MAX_RATIO);
      console.log(
        `with a good token beside ${FORGED_PER_SECOND} forged ones a second (${name}): p99 ${p99(beside).toFixed(1)} ms, ${p99(without).toFixed(1)} ms without = ${ratio.toFixed(2)} × (less than ${MAX_RATIO.toFixed(2)} ×)`,
      );
    }
  } finally {
    await pool.close();
    await Promise.all([stop(gateway), stop(upstream)]);
  }
  return !held.includes(false);
}
