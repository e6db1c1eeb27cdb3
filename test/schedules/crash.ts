// `npm run test:crash [-- kills]`: three gateway processes under load, of which one after the other is killed at a random
// moment and started again. What must hold: no call beyond the quota, streams of the others go on, and no wrong answer.

import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { createAuthority } from '../certificates.ts';
import { endRuns } from '../process.ts';
import { startRedisServer } from '../redis/server.ts';
import { mostIn, startCountingProvider } from './counting-provider.ts';
import { type GatewayProcess, startGatewayProcess } from './gateways.ts';

const kills = Number(process.argv[2] ?? 100);
const LIMIT = 100;
const WINDOW_MS = 4_000;
const STATUSES = ['CREATED', 'SENT'];
const IDS = Array.from({ length: 30 }, (_, n) => `crash-${n}`);
/** What may lie between an answer of the provider and the moment that the gateway says it was seen. */
const TRAVEL_MS = 1_000;

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T;

const redis = await startRedisServer();
const authority = createAuthority();
const provider = await startCountingProvider(authority.issue());
const authorityFile = join(await mkdtemp(join(tmpdir(), 'authority-')), 'cert.pem');
await writeFile(authorityFile, authority.cert);
const environment = {
  PARTOO_QUOTA: `${LIMIT}/${WINDOW_MS / 1_000}s`,
  PROCESSES: '3',
  PARTOO_ACCOUNT: 'crash',
  FRESH_SECONDS: '1',
  NODE_EXTRA_CA_CERTS: authorityFile,
};
const options = {
  redisPort: Number(new URL(redis.url).port),
  providerPort: provider.port,
  environment,
  random: Math.random,
};
const gateways = await Promise.all([1, 2, 3].map(() => startGatewayProcess(options)));
const faults: string[] = [];
const counts = { answers: 0, errors: 0, kills: 0, streams: 0, events: 0, brokenElsewhere: 0 };
let isOver = false;

for (const id of IDS) provider.statuses.set(id, 'CREATED');
const changing = setInterval(() => provider.statuses.set(pick(IDS), pick(STATUSES)), 50);

/** Whether the provider has given this answer about the time at which the gateway says that it saw it. */
function isTrue(id: string, status: string, observedAt: string): boolean {
  const seenAt = Date.parse(observedAt);
  return provider.answers.some(
    (one) => one.id === id && one.status === status && one.at <= seenAt + 50 && one.at >= seenAt - TRAVEL_MS,
  );
}

interface Seen {
  readonly invitationId: string;
  readonly deliveryStatus: string;
  readonly observedAt: string;
  readonly staleness: { readonly reason: string } | null;
}

function check(seen: Seen | null, where: string): void {
  if (seen === null) faults.push(`${where}: not found`);
  else if (!isTrue(seen.invitationId, seen.deliveryStatus, seen.observedAt)) {
    faults.push(`${where}: ${seen.invitationId} was not ${seen.deliveryStatus} at ${seen.observedAt}`);
  }
}

const FIELDS = '... on ReviewInvitation { invitationId deliveryStatus } observedAt staleness { reason }';

async function query(gateway: GatewayProcess): Promise<void> {
  const { origin } = gateway;
  if (origin === undefined) return void (await sleep(20));
  const body = JSON.stringify({
    query: `query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ${FIELDS} } }`,
    variables: { refs: [pick(IDS), pick(IDS)].map((invitationId) => ({ reviewInvitation: { invitationId } })) },
  });
  try {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { data, errors = [] } = (await response.json()) as {
      data: { invitations: Seen[] };
      errors?: { path: [string, number] }[];
    };
    const failed = new Set(errors.map(({ path }) => path[1]));
    counts.errors += failed.size;
    for (const [n, seen] of data.invitations.entries()) {
      if (failed.has(n)) continue;
      counts.answers += 1;
      check(seen, 'query');
    }
  } catch {
    // The process was killed.
    await sleep(20);
  }
}

/** Watches a few invitations, and subscribes anew whenever its process is killed. */
async function watch(gateway: GatewayProcess, last: Map<string, string>): Promise<void> {
  const refs = IDS.slice(0, 5).map((invitationId) => ({ reviewInvitation: { invitationId } }));
  const text = `subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { ${FIELDS} } }`;
  while (!isOver) {
    const { origin, starts } = gateway;
    if (origin === undefined) {
      await sleep(20);
      continue;
    }
    counts.streams += 1;
    const client = createClient({ url: `${origin}/graphql`, retryAttempts: 0 });
    await new Promise<void>((resolve) => {
      client.subscribe<{ invitationChanged: Seen }>(
        { query: text, variables: { refs } },
        {
          next({ data }) {
            if (!data) return;
            counts.events += 1;
            check(data.invitationChanged, 'stream');
            last.set(data.invitationChanged.invitationId, data.invitationChanged.deliveryStatus);
          },
          error: () => resolve(),
          complete: () => resolve(),
        },
      );
    });
    // A stream ends with its process and not with another one.
    await sleep(100);
    if (!isOver && gateway.starts === starts && gateway.origin === origin) counts.brokenElsewhere += 1;
  }
}

const seen = gateways.map(() => new Map<string, string>());
for (const [n, gateway] of gateways.entries()) void watch(gateway, seen[n] as Map<string, string>);
const working = gateways.flatMap((gateway) =>
  [1, 2, 3].map(async () => {
    while (!isOver) {
      await query(gateway);
      await sleep(20);
    }
  }),
);

for (; counts.kills < kills; counts.kills++) {
  await sleep(100 + Math.random() * 900);
  const gateway = pick(gateways);
  await gateway.kill();
  await sleep(Math.random() * 300);
  await gateway.start();
}
clearInterval(changing);
// What does not change any more is seen by every stream before long.
const until = performance.now() + 60_000;
const isShown = () => seen.every((last) => IDS.slice(0, 5).every((id) => last.get(id) === provider.statuses.get(id)));
while (!isShown() && performance.now() < until) await sleep(100);
if (!isShown()) faults.push('a stream does not show the last state');
isOver = true;
await Promise.all(working);
if (counts.brokenElsewhere > 0) faults.push(`${counts.brokenElsewhere} streams ended though their process went on`);
const most = mostIn(provider.arrivals, WINDOW_MS);
if (most > LIMIT) faults.push(`${most} calls in a window that allows ${LIMIT}`);

await Promise.all(gateways.map((gateway) => gateway.stop()));
provider.stop();
await redis.stop();
await rm(dirname(authorityFile), { recursive: true });
await endRuns();
process.stdout.write(
  `${counts.kills} kills: ${counts.answers} answers and ${counts.events} events of ${counts.streams} streams, ` +
    `${counts.errors} fields with an error; at most ${most} calls in ${WINDOW_MS} ms (limit ${LIMIT})\n`,
);
for (const fault of faults.slice(0, 20)) process.stdout.write(`FAILED: ${fault}\n`);
process.exit(faults.length === 0 ? 0 : 1);
