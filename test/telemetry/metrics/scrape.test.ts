// What a real gateway tells Prometheus, each thing once it has happened.

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SIGNATURE_HEADER } from '../../../src/providers/cronofy/notification.ts';
import type { Environment } from '../../../src/settings.ts';
import { startKeyServer } from '../../access/key-server.ts';
import { createSigningKey, SECRET, signWith } from '../../access/tokens.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../harness.ts';
import { subscribeTo } from '../../live/subscriber.ts';
import { type RedisServer, startRedisServer } from '../../redis/server.ts';
import { collect, promtool, type Samples, samplesIn, scrape } from './collected.ts';

async function start(environment: Environment = {}, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ ...options, environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** The series that are above 0, of these names. */
function counted(samples: Samples, ...names: string[]): Record<string, number> {
  return Object.fromEntries(
    [...samples].filter(([series, value]) => value > 0 && names.includes(series.split('{')[0] ?? '')),
  );
}

const review = (id: string) => `{ reviewInvitation(invitationId: "${id}") { status } }`;

describe('operations', () => {
  test('are counted by type, transport and outcome, with their duration and their codes', async () => {
    const gateway = await start();
    await gateway.query(review('review-sent'));
    await gateway.query('{ nothing }');
    await fetch(`${gateway.origin}/graphql?query={__typename}`);
    const samples = await collect(gateway.adminOrigin);
    expect(
      counted(samples, 'gateway_operations_total', 'gateway_operation_duration_seconds_count', 'gateway_errors_total'),
    ).toEqual({
      'gateway_operations_total{type="query",transport="post",outcome="ok"}': 1,
      'gateway_operations_total{type="query",transport="get",outcome="ok"}': 1,
      'gateway_operations_total{type="none",transport="post",outcome="refused"}': 1,
      'gateway_operation_duration_seconds_count{type="query",outcome="ok"}': 2,
      'gateway_operation_duration_seconds_count{type="none",outcome="refused"}': 1,
      'gateway_errors_total{code="BAD_USER_INPUT"}': 1,
    });
  });

  test('make as many series whatever they are called', { timeout: 120_000 }, async () => {
    const gateway = await start();
    const ours = (samples: Samples) => [...samples.keys()].filter((series) => series.startsWith('gateway_'));
    await gateway.query('query Before { __typename }');
    const before = ours(await collect(gateway.adminOrigin));
    for (let n = 0; n < 10_000; n += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, m) => gateway.query(`query Name${n + m} { field${n + m}: __typename }`)),
      );
    }
    const samples = await collect(gateway.adminOrigin);
    expect(ours(samples)).toEqual(before);
    expect(samples.get('gateway_operations_total{type="query",transport="post",outcome="ok"}')).toBe(10_001);
    expect([...samples.keys()].join()).not.toContain('Name');
  });
});

describe('invitations', () => {
  test('are counted by how they were answered, with the age of what was given', async () => {
    const gateway = await start({ FRESH_SECONDS: '0.2', REVALIDATE_SECONDS: '100' });
    await gateway.query(review('review-sent'));
    await gateway.query(review('review-sent'));
    await gateway.query(review('no-such-review'));
    await sleep(250);
    await gateway.query(review('review-sent'));
    const samples = await collect(gateway.adminOrigin);
    expect(counted(samples, 'gateway_invitations_total', 'gateway_answer_age_seconds_count')).toEqual({
      'gateway_invitations_total{provider="PARTOO",how="miss"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="fresh"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="stale_while_revalidate"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="not_found"}': 1,
      'gateway_answer_age_seconds_count{provider="PARTOO"}': 3,
    });
    expect(samples.get('gateway_answer_age_seconds_bucket{provider="PARTOO",le="0.1"}')).toBe(2);
    expect(samples.get('gateway_answer_age_seconds_bucket{provider="PARTOO",le="5"}')).toBe(3);
  });

  test('that wait are told apart: by a read of their own, by that of another, by a new one', async () => {
    const gateway = await start({}, { sandbox: { partoo: { latencyMs: 100 } } });
    const insist = '{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { status } }';
    await Promise.all([gateway.query(review('review-sent')), gateway.query(review('review-sent'))]);
    await gateway.query(insist);
    expect(counted(await collect(gateway.adminOrigin), 'gateway_invitations_total')).toEqual({
      'gateway_invitations_total{provider="PARTOO",how="miss"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="joined"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="waited"}': 1,
    });
  });

  test('that fail, or are given stale in their place, are told', async () => {
    const gateway = await start({ FRESH_SECONDS: '0.1', REVALIDATE_SECONDS: '0.1', PATIENCE_SECONDS: '5' });
    await gateway.query(review('review-sent'));
    gateway.sandbox.partoo.misbehave({ status: 503 });
    await sleep(150);
    const { data } = await gateway.query('{ reviewInvitation(invitationId: "review-sent") { isStale } }');
    expect(data.reviewInvitation.isStale).toBe(true);
    await gateway.query(review('review-delivered'));
    const samples = await collect(gateway.adminOrigin);
    expect(counted(samples, 'gateway_invitations_total')).toEqual({
      'gateway_invitations_total{provider="PARTOO",how="miss"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="stale"}': 1,
      'gateway_invitations_total{provider="PARTOO",how="failed"}': 1,
    });
    expect(samples.get('gateway_provider_calls_total{provider="PARTOO",outcome="unavailable"}')).toBeGreaterThan(0);
    expect(samples.get('gateway_provider_attempts_total{provider="PARTOO",outcome="unavailable"}')).toBeGreaterThan(1);
  });

  test('that are kept are told as entries and bytes, and those that had to go', async () => {
    const gateway = await start({ SNAPSHOT_MAX_ENTRIES: '1' });
    await gateway.query(review('review-sent'));
    await gateway.query(review('review-delivered'));
    const samples = await collect(gateway.adminOrigin);
    expect(samples.get('gateway_snapshot_entries')).toBe(1);
    expect(samples.get('gateway_snapshot_bytes')).toBeGreaterThan(200);
    expect(samples.get('gateway_snapshot_evictions_total')).toBe(1);
  });
});

describe('providers', () => {
  test('are told with their calls, quota and breaker', async () => {
    const gateway = await start({ PARTOO_QUOTA: '2/60s' });
    for (const id of ['a', 'b', 'c', 'd']) await gateway.query(review(id));
    const samples = await collect(gateway.adminOrigin);
    const partoo = 'provider="PARTOO"';
    expect(samples.get(`gateway_quota_limit{tenant="default",${partoo}}`)).toBe(2);
    // What one caller gets of so little is for the quota to say.
    const made = samples.get(`gateway_quota_used{tenant="default",${partoo}}`) ?? 0;
    expect(made).toBeGreaterThan(0);
    expect(samples.get(`gateway_quota_refused_total{${partoo}}`)).toBe(4 - made);
    expect(samples.get(`gateway_circuit_open{tenant="default",${partoo}}`)).toBe(0);
    expect(samples.get(`gateway_provider_calls_total{${partoo},outcome="not_found"}`)).toBe(made);
    expect(samples.get(`gateway_provider_calls_total{${partoo},outcome="no_quota"}`)).toBe(4 - made);
    for (const what of ['call_duration', 'quota_wait', 'connection_wait'])
      expect(samples.get(`gateway_provider_${what}_seconds_count{${partoo}}`)).toBe(4);
  });

  test('whose breaker is open are told', async () => {
    const gateway = await start();
    gateway.sandbox.partoo.misbehave({ status: 503 });
    await vi.waitFor(
      async () => {
        await gateway.query(review(`r-${crypto.randomUUID()}`));
        const samples = await collect(gateway.adminOrigin);
        expect(samples.get('gateway_circuit_open{tenant="default",provider="PARTOO"}')).toBe(1);
        expect(samples.get('gateway_circuit_open{tenant="default",provider="CRONOFY"}')).toBe(0);
      },
      { interval: 1 },
    );
  });

  test('are told with the callers that wait for a call of the quota', async () => {
    const gateway = await start({ PARTOO_QUOTA: '1/3s' });
    const waiting = async () => (await collect(gateway.adminOrigin)).get('gateway_quota_waiting{provider="PARTOO"}');
    await gateway.query(review('a'));
    expect(await waiting()).toBe(0);
    const second = gateway.query(review('b'));
    await vi.waitFor(async () => expect(await waiting()).toBe(1), { timeout: 3_000, interval: 5 });
    await second;
    expect(await waiting()).toBe(0);
  });

  test('are told with what waits to be read again, and what reads found', async () => {
    const gateway = await start({ PARTOO_QUOTA: '4/60s', FRESH_SECONDS: '0.1' });
    await gateway.query(review('review-sent'));
    await gateway.query('{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { status } }');
    gateway.sandbox.partoo.put({ invitation_id: 'review-sent', status: 'DELIVERED' });
    await gateway.query('{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { status } }');
    const partoo = 'provider="PARTOO"';
    expect(counted(await collect(gateway.adminOrigin), 'gateway_reads_total')).toEqual({
      [`gateway_reads_total{${partoo},found="first"}`]: 1,
      [`gateway_reads_total{${partoo},found="same"}`]: 1,
      [`gateway_reads_total{${partoo},found="change"}`]: 1,
    });
    await gateway.query(review('review-created'));
    await gateway.query(review('review-failed'));
    await vi.waitFor(async () => {
      await gateway.query(review('review-created'));
      const samples = await collect(gateway.adminOrigin);
      expect(samples.get(`gateway_reads_wanted{tenant="default",${partoo}}`)).toBe(2);
      expect(samples.get(`gateway_reads_waiting{tenant="default",${partoo}}`)).toBeGreaterThan(0);
      expect(samples.get(`gateway_reads_longest_wait_seconds{tenant="default",${partoo}}`)).toBeGreaterThan(0.1);
    }, 10_000);
  });
});

describe('the live side', () => {
  test('is told with streams, events, notifications and how soon these reach the last stream', async () => {
    const gateway = await start();
    const stream = subscribeTo(gateway.origin, [{ smartInvite: { smartInviteId: 'invite-pending' } }]);
    await stream.first(1);
    expect((await collect(gateway.adminOrigin)).get('gateway_streams{transport="sse"}')).toBe(1);
    const email = stream.events[0]?.invitation.recipients[0].email;
    gateway.sandbox.cronofy.reply('invite-pending', { email, status: 'accepted' });
    await stream.until(({ invitation }) => invitation?.status === 'ACCEPTED');
    const forged = await fetch(`${gateway.origin}/webhooks/cronofy`, { method: 'POST', body: '{}' });
    expect(forged.status).toBe(401);
    const secret = gateway.sandbox.variables.CRONOFY_CLIENT_SECRET ?? '';
    const ofNone = await fetch(`${gateway.origin}/webhooks/cronofy`, {
      method: 'POST',
      headers: { [SIGNATURE_HEADER]: createHmac('sha256', secret).update('{}').digest('base64') },
      body: '{}',
    });
    expect(ofNone.status).toBe(200);
    const samples = await vi.waitFor(async () => {
      const collected = await collect(gateway.adminOrigin);
      expect(collected.get('gateway_notification_delay_seconds_count')).toBe(1);
      return collected;
    });
    expect(counted(samples, 'gateway_notifications_total')).toEqual({
      'gateway_notifications_total{provider="CRONOFY",outcome="accepted"}': 1,
      'gateway_notifications_total{provider="CRONOFY",outcome="ignored"}': 1,
      'gateway_notifications_total{provider="CRONOFY",outcome="forged"}': 1,
    });
    expect(samples.get('gateway_stream_events_total')).toBe(stream.events.length);
    expect(samples.get('gateway_notification_delay_seconds_bucket{le="10"}')).toBe(1);
    expect(samples.get('gateway_operations_total{type="subscription",transport="sse",outcome="ok"}')).toBe(1);
    stream.leave();
    await vi.waitFor(async () =>
      expect((await collect(gateway.adminOrigin)).get('gateway_streams{transport="sse"}')).toBe(0),
    );
  });
});

describe('the door', () => {
  test('is told with who is refused and why', async () => {
    const gateway = await start({ AUTH_JWT_SECRET: SECRET });
    await gateway.query('{ __typename }');
    await fetch(`${gateway.origin}/graphql?query={__typename}`, { headers: { authorization: 'Bearer rubbish' } });
    expect(counted(await collect(gateway.adminOrigin), 'gateway_access_refused_total')).toEqual({
      'gateway_access_refused_total{reason="missing"}': 1,
      'gateway_access_refused_total{reason="invalid"}': 1,
    });
  });

  test('is told with how old the keys are, and that they could not be fetched', async () => {
    const key = await createSigningKey('one');
    const server = await startKeyServer([key.jwk]);
    const gateway = await start({ AUTH_JWKS_URL: server.url });
    const ask = (authorization: string) =>
      fetch(`${gateway.origin}/graphql?query={__typename}`, { headers: { authorization } });
    expect((await ask(`Bearer ${signWith(key)}`)).status).toBe(200);
    const before = await scrape(gateway.adminOrigin);
    expect(samplesIn(before).get('gateway_jwks_failing')).toBe(0);
    expect(samplesIn(before).get('gateway_jwks_age_seconds')).toBeLessThan(300);
    expect(promtool(['check', 'metrics'], before)).toEqual({ code: 0, text: '' });
  });

  test('is told with keys that were never had', async () => {
    const server = await startKeyServer();
    const gateway = await start({ AUTH_JWKS_URL: server.url });
    await vi.waitFor(async () => {
      expect((await collect(gateway.adminOrigin)).get('gateway_jwks_failing')).toBe(1);
    });
    const text = await scrape(gateway.adminOrigin);
    expect(text).toContain('\ngateway_jwks_age_seconds +Inf\n');
    expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, text: '' });
  });

  test('is told with how documents were found, those that are kept, and those beyond a limit', async () => {
    const gateway = await start();
    for (let n = 0; n < 3; n++) await gateway.query('{ __typename }');
    await gateway.query(`{ ${'a '.repeat(3_000)} }`);
    await gateway.query(`{${'node(id: "x") {'.repeat(30)} id ${'}'.repeat(30)} }`);
    const samples = await collect(gateway.adminOrigin);
    expect(counted(samples, 'gateway_documents_total', 'gateway_limited_total', 'gateway_documents_kept')).toEqual({
      'gateway_documents_total{how="prepared"}': 1,
      'gateway_documents_total{how="compiled"}': 1,
      'gateway_documents_total{how="known"}': 1,
      'gateway_documents_total{how="refused"}': 2,
      'gateway_limited_total{limit="tokens"}': 1,
      'gateway_limited_total{limit="depth"}': 1,
      gateway_documents_kept: 1,
    });
    expect(samples.get('gateway_documents_kept_bytes')).toBeGreaterThan(1_000);
  });
});

describe('with Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  test('it is told whether it can be used, how long its commands take, and which are lost', async () => {
    const gateway = await start({ REDIS_URL: server.url });
    const state = async () => (await collect(gateway.adminOrigin)).get('gateway_redis_up');
    await vi.waitFor(async () => expect(await state()).toBe(1), 5_000);
    // On a busy machine some are lost.
    await vi.waitFor(async () => {
      await gateway.query('{ reviewInvitation(invitationId: "review-sent", maxAgeSeconds: 0) { status } }');
      const samples = await collect(gateway.adminOrigin);
      const answered = samples.get('gateway_redis_commands_total{outcome="answered"}');
      expect(answered).toBeGreaterThan(0);
      expect(samples.get('gateway_redis_command_duration_seconds_count')).toBe(answered);
    }, 10_000);
    server.pause();
    await gateway.query(review('review-delivered'));
    expect((await collect(gateway.adminOrigin)).get('gateway_redis_commands_total{outcome="lost"}')).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await state()).toBe(0), 10_000);
    server.resume();
  });
});

test("all of it is what Prometheus' own checker takes, with what the process tells of itself", async () => {
  const gateway = await start();
  await gateway.query(review('review-sent'));
  const text = await scrape(gateway.adminOrigin);
  expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, text: '' });
  expect(text).toContain('\n# TYPE nodejs_gc_duration_seconds histogram\n');
  const names = [...samplesIn(text).keys()];
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes', 'process_cpu_seconds_total'])
    expect(names).toContain(name);
  expect(names.filter((name) => /^nodejs_active_\w+_total/.test(name))).toEqual([]);
  expect(names).toContain('gateway_build_info{version="0.1.0"}');
  expect(samplesIn(text).get('gateway_tenants')).toBe(1);
});

test('nothing is served where there is no admin port', async () => {
  const gateway = await start({ ADMIN_PORT: '' });
  expect(gateway.adminOrigin).toBe('');
  expect((await fetch(`${gateway.origin}/metrics`)).status).toBe(404);
});
