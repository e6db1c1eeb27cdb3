// Forged tokens, each another one: how long those with a good token wait meanwhile, beside how long they wait when nobody
// forges. By turns at one gateway; those with a good token ask for what is known again and again.

import { bearer, SECRET } from '../access/tokens.ts';
import { HOT } from './cases.ts';
import { startFlood } from './flood.ts';
import type { Flood } from './flood-sender.ts';
import { stop } from './processes.ts';
import { OTHER_CORE, PORTS, startGateway, startUpstream } from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { wrk } from './wrk.ts';

const FORGED_PER_SECOND = 1_000;
const TURNS = 15;
const TURN_MS = 1_000;
const MAX_RATIO = 2;

/** What is wrong with a token: the gateway looks at its text, at its claims, or at its signature. */
const KINDS: readonly (readonly [name: string, Flood])[] = [
  ['no token', 'rubbish'],
  ['for another audience', 'audience'],
  ['signed by another', 'signature'],
];

/** @returns whether the p99 of those with a good token holds. */
export async function forgedTokens(): Promise<boolean> {
  const upstream = await startUpstream();
  const gateway = await startGateway(PORTS.withTokens, { AUTH: 'required', AUTH_JWT_SECRET: SECRET });
  const authorization = bearer({ sub: 'good', exp: Math.floor(Date.now() / 1_000) + 3_600 });
  const load = { port: PORTS.withTokens, connections: HOT.connections, bodies: HOT.bodies.graphql, core: OTHER_CORE };
  let forged = 0;

  /** The p99 of those with a good token, in milliseconds. */
  async function turn(isChecked: boolean, flood?: Flood): Promise<number> {
    const flooding = flood && (await startFlood(PORTS.withTokens, FORGED_PER_SECOND, flood, forged));
    const { failures, p99Ms } = await wrk({ ...load, authorization, durationMs: TURN_MS, isChecked });
    const { sent, perSecond } = (await flooding?.stop()) ?? { sent: 0, perSecond: FORGED_PER_SECOND };
    forged += sent;
    if (failures > 0) throw new Error('a good token was refused');
    if (perSecond < 0.9 * FORGED_PER_SECOND)
      throw new Error(`only ${perSecond.toFixed(0)} forged tokens came in a second`);
    return p99Ms;
  }

  const held: boolean[] = [];
  try {
    for (const [name, flood] of KINDS) {
      const ratioOf = await ratiosByTurns(['without', 'beside'], TURNS, (kind, isChecked) =>
        turn(isChecked, kind === 'beside' ? flood : undefined),
      );
      const ratio = ratioOf('beside', 'without');
      held.push(ratio < MAX_RATIO);
      console.log(
        `p99 with a good token beside ${FORGED_PER_SECOND} forged ones a second (${name}), and without them: ${ratio.toFixed(2)} × (less than ${MAX_RATIO.toFixed(2)} ×)`,
      );
    }
  } finally {
    await Promise.all([stop(gateway), stop(upstream)]);
  }
  return !held.includes(false);
}
