// Sends so many documents a second, each new or one known document, whether they are answered or not. It tells its parent when
// it begins; at the parent's message it stops and tells what came of it. A process of its own can be kept off the gateway's core.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

export interface Flooded {
  readonly sent: number;
  /** Answers, all of which were right. */
  readonly perSecond: number;
}

const TICK_MS = 10;
const SELECTION = '{ reviewInvitation(invitationId: "id-1") { id status } }';

const [port, perSecond, documents, from] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 64 });
const asked = new Set<Promise<void>>();
let answers = 0;
let sent = 0;
let isStopped = false;

async function ask(): Promise<void> {
  const name = documents === 'new' ? `New${Number(from) + sent}` : 'Known';
  const response = await pool.request({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `query ${name} ${SELECTION}` }),
  });
  const text = await response.body.text();
  if (response.statusCode !== 200 || text.includes('"errors"')) throw new Error(`a document was refused: ${text}`);
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
