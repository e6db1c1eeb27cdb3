// Sends so many requests a second, with new documents, one known document or forged tokens, whether they are answered or not. It
// tells its parent when it begins; at the parent's message it stops and tells what came of it. A process of its own can be kept
// off the gateway's core.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { AUDIENCE, forge, SECRET } from '../access/tokens.ts';
import { one } from './cases.ts';

export interface Flooded {
  readonly sent: number;
  /** Answers, all of which were right. */
  readonly perSecond: number;
}

const TICK_MS = 10;
const SELECTION = '{ reviewInvitation(invitationId: "id-1") { id status } }';
const IN_AN_HOUR = Math.floor(Date.now() / 1_000) + 3_600;

const claimsOf = (n: number, aud = AUDIENCE) => ({ sub: 'forger', aud, exp: IN_AN_HOUR, invitations: '*', n });

export type Flood = 'new' | 'known' | 'rubbish' | 'audience' | 'signature';

/** The document that is asked, or the token that is brought with a known one. */
const REQUESTS: Readonly<Record<Flood, (n: number) => { readonly query: string } | { readonly token: string }>> = {
  new: (n) => ({ query: `query New${n} ${SELECTION}` }),
  known: () => ({ query: `query Known ${SELECTION}` }),
  rubbish: (n) => ({ token: `rubbish-${n}` }),
  audience: (n) => ({ token: forge({ alg: 'HS256' }, claimsOf(n, 'another'), SECRET) }),
  signature: (n) => ({ token: forge({ alg: 'HS256' }, claimsOf(n), 'another secret of thirty-two bytes') }),
};

const [port, perSecond, kind, from] = process.argv.slice(2);
const requestOf = REQUESTS[kind as Flood];
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 64 });
const asked = new Set<Promise<void>>();
let answers = 0;
let sent = 0;
let isStopped = false;

async function ask(): Promise<void> {
  const request = requestOf(Number(from) + sent);
  const isForged = 'token' in request;
  const response = await pool.request({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...(isForged ? { authorization: `Bearer ${request.token}` } : {}) },
    body: isForged ? one('id-0').graphql : JSON.stringify(request),
  });
  const text = await response.body.text();
  // After some forged tokens the address is told to wait.
  const isRight = isForged
    ? response.statusCode === 401 || response.statusCode === 429
    : response.statusCode === 200 && !text.includes('"errors"');
  if (!isRight) throw new Error(`it was answered with ${response.statusCode}: ${text}`);
  answers += 1;
}

process.once('message', () => {
  isStopped = true;
});
// Nobody is left to stop it.
process.once('disconnect', () => process.exit());
process.send?.('sending');
const startedAt = performance.now();
while (!isStopped) {
  const due = ((performance.now() - startedAt) * Number(perSecond)) / 1_000;
  for (; sent < due; sent++) {
    const one: Promise<void> = ask().finally(() => asked.delete(one));
    asked.add(one);
  }
  await sleep(TICK_MS);
}
const seconds = (performance.now() - startedAt) / 1_000;
await Promise.all(asked);
await pool.close();
process.send?.({ sent, perSecond: answers / seconds } satisfies Flooded);
process.disconnect?.();
