// The most memory that a gateway ever had, at the end of the benchmark: after every case of it, and with its store filled
// to the limit on bytes that it has by default.

import { residentMegabytes } from './processes.ts';
import { PORTS, type Servers } from './servers.ts';

const MAX_PEAK_MEGABYTES = 320;

/** Large invites, by the store's own count of bytes two and a half times its limit. */
const INVITES = 1_500;
const PAGE = 25;

const QUERY = 'query Fill($refs: [InvitationRef!]!) { invitations(refs: $refs) { id observedAt } }';

/** @returns whether the peak holds. */
export async function peakMemory({ graphql }: Servers): Promise<boolean> {
  const startedAt = Date.now();
  for (let n = 0; n < INVITES; n += 2 * PAGE) {
    await Promise.all([ask(page(n)), ask(page(n + PAGE))]);
  }
  await requireForgotten(startedAt);
  const { now, peak } = residentMegabytes(graphql);
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
