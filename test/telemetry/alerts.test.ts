// The alerts, by Prometheus' own tool: the rules are valid, every metric that they name is in a real scrape, and they fire over what
// was recorded of a gateway in trouble, and not over what was recorded of one that is well.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { openViewer } from '../../src/access/viewer.ts';
import { Given } from '../../src/snapshots/given.ts';
import { exposition } from '../../src/telemetry/metrics/exposition.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { startKeyServer } from '../access/key-server.ts';
import { createSigningKey, type SigningKey, signWith } from '../access/tokens.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness.ts';
import { startRedisServer } from '../redis/server.ts';
import { collect, promtool, type Samples, samplesIn } from './metrics/collected.ts';

const ALERTS = fileURLToPath(new URL('../../src/telemetry/alerts.yml', import.meta.url));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules: readonly Rule[] = parse(await readFile(ALERTS, 'utf8')).groups[0].rules;
const NAMES = new Set(rules.flatMap(({ expr }) => expr.match(/\b(?:gateway|nodejs)_\w+/g) ?? []));

/** Of what was collected, the series that the rules look at. */
function ofRules(samples: Samples): Samples {
  return new Map([...samples].filter(([series]) => NAMES.has(series.replace(/\{.*/, ''))));
}

const collectFrom = async (gateway: TestGateway) => ofRules(await collect(gateway.adminOrigin));

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options);
  onTestFinished(() => gateway.stop());
  return gateway;
}

const QUERY =
  'query ($refs: [InvitationRef!]!, $maxAge: Int) { invitations(refs: $refs, maxAgeSeconds: $maxAge) { status } }';

interface Asking {
  readonly maxAge?: number;
  readonly token?: string;
}

/** @returns the status of the answer. */
async function askFor(gateway: TestGateway, ids: readonly string[], { maxAge, token }: Asking = {}): Promise<number> {
  const refs = ids.map((invitationId) => ({ reviewInvitation: { invitationId } }));
  const response = await fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: QUERY, variables: { refs, maxAge } }),
  });
  await response.arrayBuffer();
  return response.status;
}

const someIds = (count: number) => Array.from({ length: count }, (_, n) => `review-${n}`);

/** What happened between two scrapes, as if it happened again and again: what grows goes on growing. */
function recorded(before: Samples, after: Samples) {
  return [...after].map(([series, value]) => {
    const from = before.get(series) ?? 0;
    const isCounter = /_(total|bucket)(\{|$)/.test(series);
    return { series, values: isCounter ? `${from}+${value - from}x${POINTS}` : `${value}x${POINTS}` };
  });
}

/** Half an hour. */
const POINTS = 60;
const INTERVAL = '30s';

/** @param firing The labels of each alert that is to fire, by its name. All others are not to. */
async function expectAlerts(
  input: ReturnType<typeof recorded>,
  firing: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-alerts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const alert_rule_test = rules.map(({ alert, labels, annotations }) => {
    const own = firing[alert];
    const filled = (text: string) => text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, name) => own?.[name] ?? '');
    const exp_annotations = Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, filled(text)]));
    const exp_alerts = own === undefined ? [] : [{ exp_labels: { ...labels, ...own }, exp_annotations }];
    return { eval_time: '25m', alertname: alert, exp_alerts };
  });
  const tests = [{ interval: INTERVAL, input_series: input, alert_rule_test }];
  const file = join(folder, 'test.yml');
  await writeFile(file, stringify({ rule_files: [ALERTS], evaluation_interval: INTERVAL, tests }));
  expect(promtool(['test', 'rules', file], '')).toEqual({ code: 0, text: expect.stringContaining('SUCCESS') });
}

test('the rules are valid, and each says what it is about and what to do', () => {
  expect(promtool(['check', 'rules', ALERTS], '').text).toContain('7 rules found');
  for (const { labels, annotations } of rules) {
    expect(labels.severity).toMatch(/^(warning|critical)$/);
    expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  }
});

test('every metric that they name is in a real scrape, and where all is well none fires', async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const key = await createSigningKey('one');
  const { url } = await startKeyServer([key.jwk]);
  const gateway = await start({ environment: { REDIS_URL: redis.url, AUTH_JWKS_URL: url } });
  await vi.waitUntil(async () =>
    [...(await collectFrom(gateway))].some(([name, value]) => name === 'gateway_redis_up' && value === 1),
  );
  const before = await collectFrom(gateway);
  for (let n = 0; n < 3; n++)
    expect(await askFor(gateway, ['review-sent', 'review-created'], { token: signWith(key) })).toBe(200);
  const after = await collectFrom(gateway);
  const named = new Set([...after.keys()].map((series) => series.replace(/\{.*/, '')));
  expect([...NAMES].filter((name) => !named.has(name))).toEqual([]);
  // This machine may be busy with other tests.
  const calm = [...after].filter(([series]) => !series.startsWith('nodejs_eventloop'));
  await expectAlerts(recorded(before, new Map(calm)), {});
});

test('a quota that is used up by callers fires, and not that of the other provider', async () => {
  const gateway = await start({ environment: { PARTOO_QUOTA: '5/60s' } });
  const before = await collectFrom(gateway);
  await askFor(gateway, someIds(30));
  const after = [...(await collectFrom(gateway))].filter(([series]) => !series.startsWith('nodejs_eventloop'));
  await expectAlerts(recorded(before, new Map(after)), { InvitationGatewayQuotaBurns: { provider: 'PARTOO' } });
});

test('a breaker that stays open fires', async () => {
  const gateway = await start();
  gateway.sandbox.partoo.misbehave({ status: 503 });
  const circuit = async () =>
    (await collectFrom(gateway)).get('gateway_circuit_open{tenant="default",provider="PARTOO"}');
  await vi.waitUntil(async () => {
    await askFor(gateway, someIds(20), { maxAge: 0 });
    return (await circuit()) === 1;
  });
  const ofBreaker = (samples: Samples) =>
    new Map([...samples].filter(([series]) => /^gateway_(circuit_open|provider_calls_total)/.test(series)));
  const before = ofBreaker(await collectFrom(gateway));
  await askFor(gateway, someIds(20), { maxAge: 0 });
  const after = ofBreaker(await collectFrom(gateway));
  await expectAlerts(recorded(before, after), {
    InvitationGatewayBreakerOpen: { tenant: 'default', provider: 'PARTOO' },
  });
  // Nobody asks any more, and so nobody learns whether the provider is back.
  await expectAlerts(recorded(after, after), {});
});

test('a provider that refuses the credentials fires', async () => {
  const gateway = await start();
  const before = await collectFrom(gateway);
  gateway.sandbox.partoo.misbehave({ status: 401 });
  await askFor(gateway, someIds(5), { maxAge: 0 });
  const after = [...(await collectFrom(gateway))].filter(([series]) => series.startsWith('gateway_provider_calls'));
  await expectAlerts(recorded(before, new Map(after)), { InvitationGatewayCredentialsRefused: { provider: 'PARTOO' } });
});

test('a breaker that was closed in between does not', async () => {
  const series = 'gateway_circuit_open{tenant="default",provider="PARTOO"}';
  await expectAlerts([{ series, values: `${'1 0.5 0 '.repeat(20)}` }], {});
});

test('Redis that cannot be used fires', async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const gateway = await start({ environment: { REDIS_URL: redis.url } });
  const isUp = async () => (await collectFrom(gateway)).get('gateway_redis_up');
  await vi.waitUntil(async () => (await isUp()) === 1);
  await redis.kill();
  await vi.waitUntil(async () => (await isUp()) === 0);
  const down = [...(await collectFrom(gateway))].filter(([series]) => series === 'gateway_redis_up');
  await expectAlerts(recorded(new Map(), new Map(down)), { InvitationGatewayRedisDown: {} });
});

test('keys of tokens that cannot be fetched fire while the last ones are still used', async () => {
  const [known, unknown] = [await createSigningKey('one'), await createSigningKey('two')];
  const server = await startKeyServer([known.jwk]);
  const gateway = await start({ environment: { AUTH_JWKS_URL: server.url } });
  const ask = (key: SigningKey) => askFor(gateway, ['review-sent'], { token: signWith(key) });
  expect(await ask(known)).toBe(200);
  server.answer((response) => void response.writeHead(503).end());
  // A token of a key that may be new has the set fetched, though not within seconds of the last time.
  const { now } = performance;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60_000);
  onTestFinished(() => clock.mockRestore());
  expect(await ask(unknown)).toBe(401);
  const failing = [...(await collectFrom(gateway))].filter(([series]) => series === 'gateway_jwks_failing');
  expect(failing).toEqual([['gateway_jwks_failing', 1]]);
  expect(await ask(known)).toBe(200);
  await expectAlerts(recorded(new Map(), new Map(failing)), { InvitationGatewayKeysCannotBeFetched: {} });
});

test('keys that could be fetched in between do not', async () => {
  await expectAlerts([{ series: 'gateway_jwks_failing', values: '1 1 1 1 0 '.repeat(POINTS / 5) }], {});
});

test('an event loop that is late fires', async () => {
  const gateway = await start();
  await collectFrom(gateway);
  for (let n = 0; n < 5; n++) {
    const until = performance.now() + 250;
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const late = [...(await collectFrom(gateway))].filter(([series]) => series.startsWith('nodejs_eventloop'));
  await expectAlerts(recorded(new Map(), new Map(late)), { InvitationGatewayEventLoopLate: {} });
});

const VIEWER = openViewer('192.0.2.1');

// What is older than a minute is not to be waited for: the metrics are told of it.
test.each([
  ['older than a minute, one in twenty, fire', 200_000, { InvitationGatewayAnswersAreOld: { provider: 'PARTOO' } }],
  ['younger do not', 50_000, {}],
])('answers that are %s', async (_, oldMs, firing) => {
  const metrics = createMetrics(['CRONOFY', 'PARTOO']);
  const told = async () => ofRules(samplesIn((await Array.fromAsync(exposition(metrics.families, []))).join('')));
  const before = await told();
  const [fresh, stale] = [new Given('PARTOO', 'fresh'), new Given('PARTOO', 'stale')];
  for (let n = 0; n < 95; n++) fresh.add(3_000, false);
  for (let n = 0; n < 5; n++) stale.add(oldMs, false);
  // What is final may be as old as it likes.
  for (let n = 0; n < 50; n++) fresh.add(80_000_000, true);
  for (const given of [fresh, stale]) metrics.givenLater?.(given, VIEWER);
  await expectAlerts(recorded(before, await told()), firing);
});
