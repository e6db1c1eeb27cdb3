// The gateway against a plain Node handler that makes the same upstream calls: operations a second, each server alone
// on one core, the load and the upstream on another, upstream answering at once, every id new.

import { load } from './load.ts';
import { cpuSeconds, residentMegabytes, start, stop } from './processes.ts';

const PORTS = { partoo: 47_010, cronofy: 47_020, server: 47_000 };
const SERVER_CORE = 0;
const OTHER_CORE = 1;

const QUERY = `query Page($refs: [InvitationRef!]!) {
  invitations(refs: $refs) {
    id status isFinal observedAt isStale
    ... on ReviewInvitation { invitationId deliveryStatus rawStatus }
    ... on SmartInvite {
      smartInviteId
      recipient { email status comment }
      event { summary start { dateTime timeZone } end { dateTime timeZone } location { description } }
    }
  }
}`;
const ONE = `query One($id: ID!) { reviewInvitation(invitationId: $id) { id status deliveryStatus rawStatus observedAt isStale } }`;

interface Case {
  readonly name: string;
  readonly connections: number;
  readonly floor: number;
  readonly graphql: (n: number) => string;
  readonly plain: (n: number) => string;
}

const half = (n: number) => Array.from({ length: 25 }, (_, i) => n * 25 + i);

const CASES: readonly Case[] = [
  {
    name: 'one review invitation an operation, every id new',
    connections: 64,
    floor: 0.4,
    graphql: (n) => JSON.stringify({ query: ONE, variables: { id: `id-${n}` } }),
    plain: (n) => JSON.stringify({ refs: [{ invitationId: `id-${n}` }] }),
  },
  {
    name: 'fifty invitations (25 + 25) an operation, every id new',
    connections: 4,
    floor: 0.75,
    graphql: (n) =>
      JSON.stringify({
        query: QUERY,
        variables: {
          refs: half(n).flatMap((id) => [
            { reviewInvitation: { invitationId: `id-${id}` } },
            { smartInvite: { smartInviteId: `id-${id}` } },
          ]),
        },
      }),
    plain: (n) =>
      JSON.stringify({ refs: half(n).flatMap((id) => [{ invitationId: `id-${id}` }, { smartInviteId: `id-${id}` }]) }),
  },
];

/** The variables of a gateway whose providers are the benchmark's. */
const ENVIRONMENT = {
  PORT: String(PORTS.server),
  PARTOO_API_KEY: 'key',
  PARTOO_BASE_URL: `http://127.0.0.1:${PORTS.partoo}/v2`,
  CRONOFY_CLIENT_SECRET: 'secret',
  CRONOFY_BASE_URL: `http://127.0.0.1:${PORTS.cronofy}`,
};

const SERVERS = {
  plain: () =>
    start('./plain-handler.ts', [PORTS.server, PORTS.partoo, PORTS.cronofy].map(String), {
      core: SERVER_CORE,
      port: PORTS.server,
    }),
  graphql: () => start('../../src/main.ts', [], { core: SERVER_CORE, port: PORTS.server, environment: ENVIRONMENT }),
};

/** @returns whether every ratio holds. */
export async function throughput(seconds: number): Promise<boolean> {
  await start('./upstream.ts', [PORTS.partoo, PORTS.cronofy].map(String), { core: OTHER_CORE, port: PORTS.cronofy });
  let holds = true;
  for (const each of CASES) {
    const plain = await measure('plain', each, seconds);
    const graphql = await measure('graphql', each, seconds);
    const ratio = graphql / plain;
    holds &&= ratio >= each.floor;
    console.log(
      `${each.name}: ${graphql.toFixed(0)}/s against ${plain.toFixed(0)}/s = ${ratio.toFixed(2)} × (at least ${each.floor.toFixed(2)} ×)`,
    );
  }
  return holds;
}

async function measure(kind: 'plain' | 'graphql', each: Case, seconds: number): Promise<number> {
  const server = await SERVERS[kind]();
  const options = { port: PORTS.server, path: '/graphql', connections: each.connections, body: each[kind] };
  // Warm: the first seconds are the compiler's.
  let sent = 0;
  const body = () => each[kind](sent++);
  await load({ ...options, body, durationMs: 2_000 });
  const cpu = cpuSeconds(server);
  const { perSecond, failures } = await load({ ...options, body, durationMs: seconds * 1_000 });
  const busy = (cpuSeconds(server) - cpu) / seconds;
  if (failures > 0) throw new Error(`${failures} answers of the ${kind} server were not right`);
  if (busy < 0.9) console.log(`  (the ${kind} server was busy ${(busy * 100).toFixed(0)} % of the time only)`);
  await stop(server);
  return perSecond;
}

/** Idle memory, and the time from the start of the process to its first answer. */
export async function footprint(): Promise<boolean> {
  const startedAt = performance.now();
  const server = await SERVERS.graphql();
  const response = await fetch(`http://127.0.0.1:${PORTS.server}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: ONE, variables: { id: 'first' } }),
  });
  const answer = (await response.json()) as { data?: { reviewInvitation?: { id?: string } } };
  const seconds = (performance.now() - startedAt) / 1_000;
  if (answer.data?.reviewInvitation?.id === undefined) throw new Error('the first answer was not right');
  const megabytes = residentMegabytes(server);
  await stop(server);
  console.log(`from start to the first answer: ${seconds.toFixed(2)} s (at most 1.5 s)`);
  console.log(`idle memory: ${megabytes.toFixed(0)} MB (at most 150 MB)`);
  return seconds <= 1.5 && megabytes <= 150;
}
