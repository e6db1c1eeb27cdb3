// `npm run bench:scrape`: for how long a gateway with a thousand tenants in use stands still while it is collected, beside
// prom-client, which makes the same lines at once, and while the operators' page is open. The gateway is in this process,
// where a turn of the loop that takes long is seen as it is: a collection of V8's is one too.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { startGateway } from '../../src/gateway.ts';
import { readSettings } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { type Samples, samplesIn } from '../telemetry/metrics/collected.ts';
import { one } from './cases.ts';
import { middle } from './figures.ts';
import { stopAll } from './processes.ts';
import { ENVIRONMENT, startUpstream } from './servers.ts';

const TENANTS = 1_000;
const ROUNDS = 15;
/** Of which one has the last hour. */
const REPORTS = 10;
const PAGE_ROUNDS = 3;
const MAX_MS = 10;

const folder = mkdtempSync(join(tmpdir(), 'scrape-'));
await startUpstream();
try {
  const gateway = await startGateway(readSettings(environment()), createLog('silent'));
  for (let n = 0; n < TENANTS; n++) await ask(gateway.origin, `tenant-${n}`);
  const collect = async () => (await fetch(`${gateway.adminOrigin}/metrics`)).text();
  const samples = samplesIn(await collect());
  const registry = registryOf(samples);
  const lines = samples.size;
  const own = await longest(collect);
  const plain = await longest(() => registry.metrics());
  const page = await openPage(gateway.adminOrigin ?? '');
  const reported = await longest(() => page.next(), PAGE_ROUNDS);
  page.leave();
  console.log(
    `${lines} series of ${TENANTS} tenants in use: the loop stands still for ${own.toFixed(1)} ms at most (at most ${MAX_MS} ms), and for ${plain.toFixed(1)} ms where prom-client makes them`,
  );
  console.log(
    `The operators' page open, ${REPORTS} reports: the loop stands still for ${reported.toFixed(1)} ms at most (at most ${MAX_MS} ms)`,
  );
  await gateway.stop(1_000);
  if (own > MAX_MS || reported > MAX_MS) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
  await stopAll();
}

function environment() {
  const path = join(folder, 'tenants.json');
  const { PARTOO_BASE_URL, CRONOFY_BASE_URL } = ENVIRONMENT;
  const tenants = Array.from({ length: TENANTS }, (_, n) => {
    const account = `account-${n}`;
    const partoo = { apiKey: { env: 'KEY' }, baseUrl: PARTOO_BASE_URL, account };
    const cronofy = { clientSecret: { env: 'KEY' }, baseUrl: CRONOFY_BASE_URL, account };
    return [`tenant-${n}`, { partoo, cronofy }];
  });
  writeFileSync(path, JSON.stringify(Object.fromEntries(tenants)));
  return { PORT: '0', ADMIN_PORT: '0', TENANTS_FILE: path, KEY: 'key', AUTH_JWT_SECRET: SECRET };
}

async function ask(origin: string, tenant: string): Promise<void> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: bearer({ tenant }) },
    body: one('id-1').graphql,
  });
  if (!(await response.text()).includes('"id":')) throw new Error('a tenant was not answered');
}

/** The operators' page: its reports, so many at a time. */
async function openPage(adminOrigin: string) {
  const leaving = new AbortController();
  const { body } = await fetch(`${adminOrigin}/status/events`, { signal: leaving.signal });
  const chunks = body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async next(): Promise<void> {
      for (let reports = 0; reports < REPORTS; ) {
        const { value, done } = (await chunks?.read()) ?? { done: true };
        if (done) throw new Error('the page was cut off');
        reports += value.split('event: report').length - 1;
      }
    },
    leave() {
      chunks?.cancel().catch(() => undefined);
      leaving.abort();
    },
  };
}

/** The same gauges in prom-client, set when they are collected, as its users do. */
function registryOf(samples: Samples): Registry {
  const registry = new Registry();
  const byName = Map.groupBy(samples, ([series]) => series.split('{')[0] ?? '');
  for (const [name, series] of byName) {
    const parsed = series.map(([text, value]) => {
      const labels = Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, own]) => [label, own]));
      return { labels, value };
    });
    const labelNames = Object.keys(parsed[0]?.labels ?? {});
    new Gauge({
      name,
      help: name,
      labelNames,
      registers: [registry],
      collect() {
        for (const { labels, value } of parsed) this.set(labels, value);
      },
    });
  }
  return registry;
}

/** The longest turn of the loop meanwhile, in milliseconds: the middle of several rounds. */
async function longest(work: () => Promise<unknown>, times = ROUNDS): Promise<number> {
  const rounds: number[] = [];
  for (let n = 0; n < times; n++) {
    let longestMs = 0;
    let isOver = false;
    const watch = async () => {
      for (let at = performance.now(); !isOver; ) {
        await turn();
        const now = performance.now();
        longestMs = Math.max(longestMs, now - at);
        at = now;
      }
    };
    const watching = watch();
    await work();
    isOver = true;
    await watching;
    rounds.push(longestMs);
  }
  return middle(rounds, Number);
}
