// The gateway against a plain Node handler that makes the same upstream calls: operations a second, each server alone
// on one core, the load and the upstream on another, upstream answering at once, every id new.

import { load } from './load.ts';
import { cpuSeconds, residentMegabytes, start, stop } from './processes.ts';

// Below the range that outgoing connections take their ports from.
const PORTS = { partoo: 17_010, cronofy: 17_020, graphql: 17_000, plain: 17_001 };
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

export const CASES: readonly Case[] = [
  {
    name: 'one review invitation an operation, every id new',
    connections: 64,
    floor: 0.4,
    graphql: (n) => JSON.stringify({ query: ONE, variables: { id: `id-${n}` } }),
    plain: (n) => JSON.stringify({ refs: [{ invitationId: `id-${n}` }] }),
  },
  {
    name: 'one review invitation out of 200, asked again and again',
    connections: 64,
    floor: 0.5,
    graphql: (n) => JSON.stringify({ query: ONE, variables: { id: `id-${n % 200}` } }),
    plain: (n) => JSON.stringify({ refs: [{ invitationId: `id-${n % 200}` }] }),
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
  NODE_ENV: 'production',
  PORT: String(PORTS.graphql),
  PARTOO_API_KEY: 'key',
  PARTOO_BASE_URL: `http://127.0.0.1:${PORTS.partoo}/v2`,
  CRONOFY_CLIENT_SECRET: 'secret',
  PARTOO_QUOTA: '100000/1s',
  CRONOFY_QUOTA: '100000/1s',
  CRONOFY_BASE_URL: `http://127.0.0.1:${PORTS.cronofy}`,
};

const startGraphql = () =>
  start('../../src/main.ts', [], { core: SERVER_CORE, port: PORTS.graphql, environment: ENVIRONMENT });

const startPlain = () =>
  start('./plain-handler.ts', [PORTS.plain, PORTS.partoo, PORTS.cronofy].map(String), {
    core: SERVER_CORE,
    port: PORTS.plain,
  });

/** Turns of each server; the machine's own ups and downs last longer than one. */
const TURNS = 15;
const TURN_MS = 1_000;

/** @returns whether every ratio holds. */
export async function throughput(): Promise<boolean> {
  await start('./upstream.ts', [PORTS.partoo, PORTS.cronofy].map(String), { core: OTHER_CORE, port: PORTS.cronofy });
  let holds = true;
  for (const each of CASES) {
    const servers = { plain: await startPlain(), graphql: await startGraphql() };
    let sent = 0;
    const turn = async (kind: 'plain' | 'graphql', durationMs: number) => {
      const cpu = cpuSeconds(servers[kind]);
      const { perSecond, failures } = await load({
        port: PORTS[kind],
        path: '/graphql',
        connections: each.connections,
        durationMs,
        body: () => each[kind](sent++),
      });
      if (failures > 0) throw new Error(`${failures} answers of the ${kind} server were not right`);
      return { perSecond, busy: (cpuSeconds(servers[kind]) - cpu) / (durationMs / 1_000) };
    };
    // The first seconds are the compiler's.
    await turn('plain', 3_000);
    await turn('graphql', 6_000);
    const turns = [];
    for (let n = 0; n < TURNS; n++) {
      const plain = await turn('plain', TURN_MS);
      const graphql = await turn('graphql', TURN_MS);
      turns.push({ plain, graphql, ratio: graphql.perSecond / plain.perSecond });
    }
    await Promise.all(Object.values(servers).map(stop));
    const { plain, graphql, ratio } = middle(turns);
    holds &&= ratio >= each.floor;
    console.log(
      `${each.name}: ${graphql.perSecond.toFixed(0)}/s against ${plain.perSecond.toFixed(0)}/s = ${ratio.toFixed(2)} × ` +
        `(at least ${each.floor.toFixed(2)} ×; the core was busy ${percent(graphql.busy)} and ${percent(plain.busy)} of the time)`,
    );
  }
  return holds;
}

function middle<T extends { ratio: number }>(turns: T[]): T {
  const turn = turns.toSorted((a, b) => a.ratio - b.ratio)[Math.floor(turns.length / 2)];
  if (turn === undefined) throw new Error('nothing was measured');
  return turn;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** Idle memory, and the time from the start of the process to its first answer. */
export async function footprint(): Promise<boolean> {
  const startedAt = performance.now();
  const server = await startGraphql();
  const response = await fetch(`http://127.0.0.1:${PORTS.graphql}/graphql`, {
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
