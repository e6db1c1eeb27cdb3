// What the page is told of real gateways: calls, breakers, notifications, refusals and tenants, as they happened.

import { expect, onTestFinished, test, vi } from 'vitest';
import type { StatusReport } from '../../../src/telemetry/status/report.ts';
import { startKeyServer } from '../../access/key-server.ts';
import { bearer, createSigningKey, SECRET, type SigningKey, signWith } from '../../access/tokens.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../harness.ts';
import { operatorsView } from '../../operators-view.ts';
import { startRedisServer } from '../../redis/server.ts';

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options);
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function reportOf({ adminOrigin }: TestGateway): Promise<StatusReport> {
  const [, event = ''] = await operatorsView(adminOrigin);
  const data = /^data: (.*)$/m.exec(event)?.[1];
  return JSON.parse(data ?? '');
}

async function accountOf(gateway: TestGateway, name: string) {
  const account = (await reportOf(gateway)).accounts.find((each) => each.name === name);
  if (account === undefined) throw new Error(`there is no account ${name}`);
  return account;
}

const askFor = (gateway: TestGateway, ids: readonly string[]) =>
  gateway.query(`{ ${ids.map((id, n) => `a${n}: reviewInvitation(invitationId: "${id}") { status }`).join(' ')} }`);

test('calls, ages and takers are those of the account that was called', async () => {
  const gateway = await start();
  await askFor(gateway, ['review-waiting-1', 'review-waiting-2', 'review-delivered', 'no-such-invitation']);
  await askFor(gateway, ['review-waiting-1', 'review-delivered']);
  const partoo = await accountOf(gateway, 'Partoo');
  expect(partoo.lastMinute).toEqual({ answered: 4, failed: 0, timedOut: 0, throttled: 0, rejected: 0 });
  expect(partoo.windows).toEqual([{ limit: 270, used: 4, windowMs: 60_000 }]);
  expect(partoo.takers).toEqual([{ viewer: expect.stringMatching(/^[\w-]{11}$/), calls: 4 }]);
  // The delivered one cannot change any more: given from what is kept, it has no age.
  expect(partoo.ages).toMatchObject({ answers: 4, stale: 0 });
  expect(partoo.wanted).toBe(2);
  expect(await accountOf(gateway, 'Cronofy')).toMatchObject({ takers: [], ages: null, bestMs: null });
  const { operations } = await reportOf(gateway);
  expect(operations.lastMinute).toBe(2);
  expect(operations.slowest).toHaveLength(2);
});

test.each([
  ['this process', false],
  ['Redis', true],
])('a caller has one name on the page and in the log, where calls are counted in %s', async (_, hasRedis) => {
  const redis = hasRedis ? await startRedisServer() : undefined;
  onTestFinished(() => redis?.stop());
  const gateway = await start({
    environment: { AUTH_JWT_SECRET: SECRET, ...(redis && { REDIS_URL: redis.url }) },
  });
  if (hasRedis) await vi.waitUntil(async () => (await reportOf(gateway)).redis?.isUp === true);
  const ask = async (sub: string, id: string) => {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: bearer({ sub }),
        'x-request-id': `asked-by-${sub}`,
      },
      body: JSON.stringify({ query: `{ reviewInvitation(invitationId: "${id}") { status } }` }),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  };
  // None of them is there, so that nothing is read in the background.
  for (const [n, sub] of ['ann', 'ben', 'ann', 'ann'].entries()) await ask(sub, `no-such-invitation-${n}`);
  const lines = gateway.operations.map((line) => JSON.parse(line));
  const viewerOf = (sub: string) => lines.find(({ requestId }) => requestId === `asked-by-${sub}`)?.viewer;
  await vi.waitFor(async () =>
    expect((await accountOf(gateway, 'Partoo')).takers).toEqual([
      { viewer: viewerOf('ann'), calls: 3 },
      { viewer: viewerOf('ben'), calls: 1 },
    ]),
  );
  expect(viewerOf('ann')).toMatch(/^[\w-]{11}$/);
});

test('a breaker that opens is told with when it did, and which account is not called', async () => {
  const gateway = await start();
  gateway.sandbox.partoo.misbehave({ status: 503 });
  await vi.waitUntil(async () => {
    await askFor(
      gateway,
      Array.from({ length: 20 }, (_, n) => `review-${n}`),
    );
    return (await accountOf(gateway, 'Partoo')).circuit === 'OPEN';
  });
  const { circuitChanges, lastMinute } = await accountOf(gateway, 'Partoo');
  expect(circuitChanges[0]).toEqual({ at: expect.any(Number), circuit: 'OPEN', place: null });
  expect(lastMinute.failed).toBeGreaterThan(0);
  const { findings, problems } = await reportOf(gateway);
  expect(findings[0]?.answer).toMatch(/^Them: Partoo is not called/);
  expect(problems[0]).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', provider: 'PARTOO' });
});

test('callers that are not admitted, and notifications, are told by what became of them', async () => {
  const gateway = await start({ environment: { AUTH_JWT_SECRET: SECRET } });
  const ask = (authorization?: string) =>
    fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: '{"query":"{ __typename }"}',
    });
  for (const token of [undefined, 'Bearer rubbish', bearer({ exp: 1 }), bearer()]) await ask(token);
  const url = `${gateway.origin}/webhooks/cronofy`;
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
  const { problemsByCode, notifications, operations } = await reportOf(gateway);
  expect(problemsByCode).toEqual([{ code: 'UNAUTHENTICATED', provider: null, count: 3 }]);
  expect(notifications).toMatchObject({ accepted: 0, forged: 1 });
  expect(operations.lastMinute).toBe(1);
});

test('the keys of tokens are told with their age while their source fails, and nothing where there are none', async () => {
  expect((await reportOf(await start())).keys).toBeNull();
  const key = await createSigningKey('one');
  const server = await startKeyServer([key.jwk]);
  const gateway = await start({ environment: { AUTH_JWKS_URL: server.url } });
  const ask = (signer: SigningKey) =>
    fetch(`${gateway.origin}/graphql?query={__typename}`, { headers: { authorization: `Bearer ${signWith(signer)}` } });
  expect((await ask(key)).status).toBe(200);
  expect((await reportOf(gateway)).keys).toEqual({ sets: 1, failing: 0, oldestMs: expect.any(Number) });
  const never = await start({ environment: { AUTH_JWKS_URL: server.url.replace(/:\d+/, ':1') } });
  await vi.waitFor(async () => expect((await reportOf(never)).keys).toEqual({ sets: 1, failing: 1, oldestMs: null }));
  const { findings } = await reportOf(never);
  expect(findings[0]).toMatchObject({
    state: 'wrong',
    answer: expect.stringContaining('keys that tokens are checked'),
  });
});
