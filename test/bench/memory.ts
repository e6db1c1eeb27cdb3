// The most memory that a gateway ever had: after the load of every case, and with its store filled to the limit on bytes
// that it has by default.

import type { ChildProcess } from 'node:child_process';
import { CASES } from './cases.ts';
import { residentMegabytes } from './processes.ts';
import { OTHER_CORE, PORTS } from './servers.ts';
import { wrk } from './wrk.ts';

const MAX_PEAK_MEGABYTES = 320;

/** How long the load of each case is there. */
const LOAD_MS = 20_000;

/** Large invites, by the store's own count of bytes two and a half times its limit. */
const INVITES = 1_500;
const PAGE = 25;

const QUERY = 'query Fill($refs: [InvitationRef!]!) { invitations(refs: $refs) { id observedAt } }';

/** @returns whether the peak holds. */
export async function peakMemory(gateway: ChildProcess): Promise<boolean> {
  for (const { connections, bodies } of CASES) {
    const load = { port: PORTS.graphql, connections, bodies: bodies.graphql, core: OTHER_CORE };
    const { failures } = await wrk({ ...load, durationMs: LOAD_MS, isChecked: true });
    if (failures > 0) throw new Error(`${failures} answers were not right`);
  }
  const startedAt = Date.now();
  for (let n = 0; n < INVITES; n += 2 * PAGE) {
    await Promise.all([ask(page(n)), ask(page(n + PAGE))]);
  }
  await requireForgotten(startedAt);
  const { now, peak } = residentMegabytes(gateway);
  console.log(
    `memory of the gateway with a full store: ${now.toFixed(0)} MB; the most it ever had: ${peak.toFixed(0)} MB (at most ${MAX_PEAK_MEGABYTES} MB)`,
  );
  return peak <= MAX_PEAK_MEGABYTES;
}

/** A store that is full has let go of the first ones. */
async function requireForgotten(startedAt: number): Promise<void> {
  const filledAt = Date.now();
  const observedAt = async (n: number) => Date.parse((await ask([`big-${n}`]))[0]?.observedAt ?? '');
  const last = await observedAt(INVITES - 1);
  const first = await observedAt(0);
  if (!(last >= startedAt && last <= filledAt)) throw new Error('what was read last is not in the store');
  if (!(first >= filledAt)) throw new Error('the store is not full: it still has what was read first');
}

function page(from: number): string[] {
  return Array.from({ length: PAGE }, (_, i) => `big-${from + i}`);
}

async function ask(ids: readonly string[]): Promise<readonly { readonly observedAt: string }[]> {
  const refs = ids.map((smartInviteId) => ({ smartInvite: { smartInviteId } }));
  const response = await fetch(`http://127.0.0.1:${PORTS.graphql}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY, variables: { refs } }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { invitations: { observedAt: string }[] };
    errors?: readonly { message: string }[];
  };
  if (data === undefined || errors !== undefined) throw new Error(`no large invites: ${errors?.[0]?.message}`);
  return data.invitations;
}
