// What a token costs: known invitations asked for again and again, with a token that grants everything and one that grants a
// hundred ids, beside a gateway that asks for none. The three take turns on one core.

import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, SECRET } from '../access/tokens.ts';
import { CASES, type Case, HOT } from './cases.ts';
import { stop } from './processes.ts';
import { OTHER_CORE, PORTS, startGateway } from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { wrk } from './wrk.ts';

/** The least with a token that grants everything, without = 1. */
const FLOOR = 0.95;
const TURNS = 9;
const TURN_MS = 1_000;

/** So many ids are granted one by one, and the benchmark asks for these alone. */
const GRANTED = 100;

/** @returns whether what is hot holds. */
export async function tokens(): Promise<boolean> {
  const gateways = [
    await startGateway(),
    await startGateway(PORTS.withTokens, { AUTH: 'required', AUTH_JWT_SECRET: SECRET }),
  ];
  const ids = Array.from({ length: GRANTED }, (_, n) => `id-${n}`);
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const all = bearer({ exp, sub: 'all' });
  const some = bearer({ exp, sub: 'some', invitations: { review: ids, smart: ids } });
  const held: boolean[] = [];
  for (const each of CASES.filter(({ isNew }) => !isNew)) held.push(await compare(each, all, some));
  await Promise.all(gateways.map(stop));
  return !held.includes(false);
}

async function compare(each: Case, all: string, some: string): Promise<boolean> {
  const { connections } = each;
  const bodies = each.bodies.graphql.slice(0, GRANTED - 25);
  const callers = {
    without: { port: PORTS.graphql, authorization: undefined },
    all: { port: PORTS.withTokens, authorization: all },
    some: { port: PORTS.withTokens, authorization: some },
  };
  const turn = async (kind: keyof typeof callers, isChecked: boolean) => {
    const options = { ...callers[kind], connections, durationMs: TURN_MS, bodies, core: OTHER_CORE, isChecked };
    const { perSecond, failures } = await wrk(options);
    if (failures > 0) throw new Error(`${failures} answers were not right`);
    await sleep(20);
    return perSecond;
  };
  const ratio = await ratiosByTurns<keyof typeof callers>(['without', 'all', 'some'], TURNS, turn);
  const [ofAll, ofSome] = [ratio('all', 'without'), ratio('some', 'without')];
  const bytes = (authorization: string) => `${(authorization.length / 1_000).toFixed(1)} KB`;
  const wanted = each === HOT ? ` (at least ${FLOOR.toFixed(2)} ×)` : '';
  console.log(
    `${each.name}, with a token beside without: "*" ${ofAll.toFixed(2)} ×${wanted}, ${GRANTED} ids of each kind (${bytes(some)}) ${ofSome.toFixed(2)} ×`,
  );
  return each !== HOT || ofAll >= FLOOR;
}
