// One client repeats a known document while another sends new documents all the time: how many operations a second the
// gateway answers, against how many while the other client sends as many of one known document. The two take turns at
// one process, which has its core for itself.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { HOT, KNOWN } from './cases.ts';
import { middle } from './figures.ts';
import { residentMegabytes, stayOn } from './processes.ts';
import { OTHER_CORE, PORTS, type Servers } from './servers.ts';
import { wrk } from './wrk.ts';

const FLOOR = 0.9;
const PER_SECOND = 500;
const TICK_MS = 10;
const TURNS = 7;
const TURN_MS = 2_000;

const SELECTION = '{ reviewInvitation(invitationId: "id-1") { id status } }';

/** @returns whether the ratio holds. */
export async function flood({ graphql }: Servers): Promise<boolean> {
  const bodies = Array.from({ length: KNOWN }, (_, n) => HOT.bodies.graphql(n));
  let made = 0;
  const leave = stayOn(OTHER_CORE);
  const turn = async (documentOf: () => string) => {
    const flooding = startFlood(documentOf);
    const { connections } = HOT;
    const result = await wrk({ port: PORTS.graphql, connections, durationMs: TURN_MS, bodies, core: OTHER_CORE });
    const { perSecond } = await flooding.stop();
    if (result.failures > 0) throw new Error(`${result.failures} answers were not right`);
    if (perSecond < 0.95 * PER_SECOND) throw new Error(`only ${perSecond.toFixed(0)} documents came a second`);
    return result.perSecond;
  };
  const knownDocuments = () => turn(() => `query Known ${SELECTION}`);
  const newDocuments = () => turn(() => `query New${made++} ${SELECTION}`);

  await knownDocuments();
  await newDocuments();
  const before = { made, megabytes: residentMegabytes(graphql).now };
  const turns = [];
  for (let n = 0; n < TURNS; n++) {
    const known = await knownDocuments();
    const anew = await newDocuments();
    turns.push({ known, anew, ratio: anew / known });
  }
  const after = residentMegabytes(graphql).now;
  leave();
  const { known, anew, ratio } = middle(turns, (each) => each.ratio);
  console.log(
    `${HOT.name}, beside ${PER_SECOND} new documents a second: ${anew.toFixed(0)}/s against ${known.toFixed(0)}/s beside as many of one document = ${ratio.toFixed(2)} × (at least ${FLOOR.toFixed(2)} ×)`,
  );
  console.log(
    `  memory before and after ${made - before.made} new documents: ${before.megabytes.toFixed(0)} MB and ${after.toFixed(0)} MB`,
  );
  return ratio >= FLOOR;
}

/** Sends so many documents a second, until it is stopped, whether they are answered or not. */
function startFlood(documentOf: () => string): { stop(): Promise<{ readonly perSecond: number }> } {
  const pool = new Pool(`http://127.0.0.1:${PORTS.graphql}`, { connections: 64 });
  const startedAt = performance.now();
  const asked = new Set<Promise<void>>();
  const failures: Error[] = [];
  let answers = 0;
  let isStopped = false;

  async function ask(): Promise<void> {
    const response = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: documentOf() }),
    });
    const text = await response.body.text();
    if (response.statusCode !== 200 || text.includes('"errors"')) throw new Error(`a document was refused: ${text}`);
    answers += 1;
  }

  async function sendAll(): Promise<void> {
    for (let sent = 0; !isStopped; ) {
      const due = ((performance.now() - startedAt) * PER_SECOND) / 1_000;
      for (; sent < due; sent++) {
        const one: Promise<void> = ask()
          .catch((error: Error) => void failures.push(error))
          .finally(() => asked.delete(one));
        asked.add(one);
      }
      await sleep(TICK_MS);
    }
  }

  const sending = sendAll();
  return {
    async stop() {
      isStopped = true;
      await sending;
      const seconds = (performance.now() - startedAt) / 1_000;
      await Promise.all(asked);
      await pool.close();
      if (failures[0] !== undefined) throw failures[0];
      return { perSecond: answers / seconds };
    },
  };
}
