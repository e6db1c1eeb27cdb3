// A provider hangs: how long the answers of another take meanwhile, or those of another tenant with an account of its own,
// beside how long they take when it does not. Both are asked all the time, by turns in good weather and in bad, and every
// answer comes from a provider.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { startCronofy } from '../../src/sandbox/cronofy.ts';
import { startPartoo } from '../../src/sandbox/partoo.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { p99 } from './figures.ts';
import { start, stop } from './processes.ts';
import { START_FLAGS } from './start-flags.ts';

const PORT = 17_300;
const TURNS = 4;
const TURN_MS = 3_000;
const READERS = 16;
const HUNG_PER_SECOND = 20;
const MAX_RATIO = 1.1;
const QUOTA = '100000/1s';

/** What is asked, and who asks. */
interface Question {
  readonly query: string;
  readonly idOf: (n: number) => string;
  readonly authorization?: string;
}

interface Neighbours {
  readonly name: string;
  readonly environment: Record<string, string>;
  /** Answered by the provider each time: one for each reader, because those who ask for the same share a call. */
  readonly answering: Question;
  readonly hanging: Question;
  /** Lets what is asked by `hanging` hang, or answer again. */
  readonly hang: (isHanging: boolean) => void;
}

const REVIEW = 'reviewInvitation(invitationId: $id';
const INVITE = 'smartInvite(smartInviteId: $id';

/** @returns whether the other's p99 stays within a tenth. */
export async function hanging(): Promise<boolean> {
  return (await besideProvider()) && (await besideTenant());
}

async function besideProvider(): Promise<boolean> {
  const [partoo, cronofy] = await Promise.all([startPartoo({ quota: [] }), startCronofy({ quota: [] }, [])]);
  const time = '2099-12-04T09:30:00Z';
  const recipient = { email: 'guest@example.com', status: 'pending' };
  const event = { summary: 'Lunch', start: time, end: time };
  for (let n = 0; n < READERS; n++) cronofy.put({ smart_invite_id: `invite-${n}`, recipient, event });
  const quotas = { PARTOO_QUOTA: QUOTA, CRONOFY_QUOTA: QUOTA };
  try {
    return await compare({
      name: "one provider's answers while the other hangs",
      environment: { ...OPEN_GATEWAY, ...partoo.variables, ...cronofy.variables, ...quotas },
      answering: { query: asked(INVITE, ', maxAgeSeconds: 0'), idOf: (n) => `invite-${n}` },
      hanging: { query: asked(REVIEW), idOf: (n) => `review-${n}` },
      hang: (isHanging) => partoo.misbehave(isHanging ? { mode: 'hang' } : undefined),
    });
  } finally {
    await Promise.all([partoo.stop(), cronofy.stop()]);
  }
}

async function besideTenant(): Promise<boolean> {
  const [well, ill] = await Promise.all([startPartoo({ quota: [] }), startPartoo({ quota: [] })]);
  for (let n = 0; n < READERS; n++) well.put({ invitation_id: `review-${n}`, status: 'SENT' });
  const folder = mkdtempSync(join(tmpdir(), 'hanging-'));
  const path = join(folder, 'tenants.json');
  const tenantOf = (account: string, { PARTOO_BASE_URL: baseUrl }: Record<string, string>) => ({
    partoo: { apiKey: { env: 'KEY' }, baseUrl, quota: QUOTA, account },
  });
  writeFileSync(path, JSON.stringify({ well: tenantOf('well', well.variables), ill: tenantOf('ill', ill.variables) }));
  const signed = { AUTH: 'required', AUTH_JWT_SECRET: SECRET, TENANTS_FILE: path };
  const KEY = well.variables.PARTOO_API_KEY ?? '';
  try {
    return await compare({
      name: "one tenant's answers while the provider of another hangs",
      environment: { ...OPEN_GATEWAY, ...signed, KEY },
      answering: {
        query: asked(REVIEW, ', maxAgeSeconds: 0'),
        idOf: (n) => `review-${n}`,
        authorization: bearer({ tenant: 'well' }),
      },
      hanging: { query: asked(REVIEW), idOf: (n) => `review-${n}`, authorization: bearer({ tenant: 'ill' }) },
      hang: (isHanging) => ill.misbehave(isHanging ? { mode: 'hang' } : undefined),
    });
  } finally {
    rmSync(folder, { recursive: true });
    await Promise.all([well.stop(), ill.stop()]);
  }
}

function asked(field: string, more = ''): string {
  return `query($id: ID!) { ${field}${more}) { status } }`;
}

async function compare({ name, environment, answering, hanging, hang }: Neighbours): Promise<boolean> {
  const variables = { ...environment, PORT: String(PORT) };
  const gateway = await start('../../src/main.ts', [], {
    core: 0,
    port: PORT,
    flags: START_FLAGS,
    environment: variables,
  });
  const pool = new Pool(`http://127.0.0.1:${PORT}`, { connections: 1_000 });

  async function ask({ query, idOf, authorization = '' }: Question, n: number): Promise<string> {
    const headers = { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) };
    const body = JSON.stringify({ query, variables: { id: idOf(n) } });
    const response = await pool.request({ method: 'POST', path: '/graphql', headers, body });
    return response.body.text();
  }

  const hung = new Set<Promise<unknown>>();
  let sent = 0;
  const asking = setInterval(() => {
    const one: Promise<unknown> = ask(hanging, sent++).finally(() => hung.delete(one));
    hung.add(one);
  }, 1_000 / HUNG_PER_SECOND);

  async function turn(): Promise<number[]> {
    const until = performance.now() + TURN_MS;
    const latencies: number[] = [];
    const reader = async (n: number) => {
      await sleep(n * 5);
      while (performance.now() < until) {
        const startedAt = performance.now();
        const answer = await ask(answering, n);
        if (answer.includes('"errors"')) throw new Error(`an answer was not right: ${answer}`);
        latencies.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: READERS }, (_, n) => reader(n)));
    return latencies;
  }

  const good: number[] = [];
  const bad: number[] = [];
  await turn();
  for (let n = 0; n < TURNS; n++) {
    hang(false);
    good.push(...(await turn()));
    hang(true);
    bad.push(...(await turn()));
  }
  clearInterval(asking);
  await Promise.all(hung);
  await Promise.all([pool.close(), stop(gateway)]);

  const ratio = p99(bad) / p99(good);
  console.log(
    `p99 of ${name}: ${p99(bad).toFixed(1)} ms against ${p99(good).toFixed(1)} ms = ${ratio.toFixed(2)} × (at most ${MAX_RATIO.toFixed(2)} ×)`,
  );
  return ratio <= MAX_RATIO;
}
