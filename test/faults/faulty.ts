// A gateway whose providers can be broken in every way, over plain TCP or over TLS (vitest.config.ts runs all for both), and what every case of it leaves behind: the next healthy
// request is answered, and no log line, no error and no span has held a secret, an address or a place.

import { test as base, expect, inject, vi } from 'vitest';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import { PARTOO_API_KEY } from '../../src/sandbox/partoo.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Environment } from '../../src/settings.ts';
import { createAuthority, trust } from '../certificates.ts';
import { type GraphQLAnswer, startTestGateway, type TestGateway } from '../harness.ts';
import { operatorsView } from '../operators-view.ts';
import { type FaultyProxy, type ProxyOptions, startProxy } from './proxy.ts';

export interface Faulty {
  readonly gateway: TestGateway;
  readonly partoo: FaultyProxy;
  readonly cronofy: FaultyProxy;
  query(query: string, variables?: object): Promise<GraphQLAnswer>;
  /** A review invitation in short: what came of it, or the code of the error. */
  review(id: string, maxAgeSeconds?: number): Promise<string | null>;
  invite(id: string, maxAgeSeconds?: number): Promise<string | null>;
  /** For a test that leaves a gate closed, or Partoo elsewhere: only Cronofy is asked whether it is well afterwards. */
  staysThrottled(): void;
}

const CANARIES = [PARTOO_API_KEY, CRONOFY_CLIENT_SECRET, /[\w.+-]+@[\w-]+\.\w/, /https?:/, /127\.0\.0\.1|localhost/];

const REVIEW = `query ($id: ID!, $maxAge: Int) {
  it: reviewInvitation(invitationId: $id, maxAgeSeconds: $maxAge) { status: deliveryStatus isStale }
}`;
const INVITE = `query ($id: ID!, $maxAge: Int) {
  it: smartInvite(smartInviteId: $id, maxAgeSeconds: $maxAge) { status isStale }
}`;

/** Which the gateways of these tests trust; undefined where TLS is not spoken. */
export const authority = inject('faultsOver') === 'tls' ? createAuthority() : undefined;
if (authority !== undefined) trust(authority);
const certificate = authority?.issue();

/** Quotas that spread no burst of a test's one caller. */
const AMPLE = { PARTOO_QUOTA: '3000/60s', CRONOFY_QUOTA: '3000/60s' };

async function startFaulty(
  environment: Environment,
  options: Pick<ProxyOptions, 'setUpMs'>,
): Promise<Faulty & { end(): Promise<void> }> {
  // The proxies need a sandbox before there is a gateway; the harness's own stays unused.
  const sandbox = await startSandbox({ partoo: { latencyMs: 0, quota: [] }, cronofy: { latencyMs: 0, quota: [] } });
  const partoo = await startProxy(sandbox.partoo.origin, { ...options, certificate });
  const cronofy = await startProxy(sandbox.cronofy.origin, { ...options, certificate });
  const own = await startTestGateway({
    absentFromSpans: CANARIES,
    environment: {
      PARTOO_BASE_URL: `${partoo.origin}/v2`,
      CRONOFY_BASE_URL: cronofy.origin,
      ...AMPLE,
      ADMIN_PORT: '0',
      ...environment,
    },
  });
  const gateway: TestGateway = { ...own, sandbox };
  const errors: string[] = [];
  let isThrottled = false;

  async function query(text: string, variables: object = {}): Promise<GraphQLAnswer> {
    const answer = await gateway.query(text, variables);
    if (answer.errors !== undefined) errors.push(JSON.stringify(answer.errors));
    return answer;
  }
  const read = (text: string) => async (id: string, maxAge?: number) => {
    const { data, errors } = await query(text, { id, maxAge });
    if (errors?.[0] !== undefined) return String(errors[0].extensions.code);
    return data.it && `${data.it.status}${data.it.isStale ? ' stale' : ''}`;
  };
  const review = read(REVIEW);
  const invite = read(INVITE);

  return {
    gateway,
    partoo,
    cronofy,
    query,
    review,
    invite,
    staysThrottled() {
      isThrottled = true;
    },
    async end() {
      try {
        sandbox.partoo.misbehave(undefined);
        sandbox.cronofy.misbehave(undefined);
        for (const proxy of [partoo, cronofy]) {
          proxy.break(undefined);
          await proxy.accept();
        }
        const healthy = { timeout: 11_000, interval: 100 };
        await vi.waitFor(async () => expect(await invite('invite-accepted', 0)).toBe('ACCEPTED'), healthy);
        if (!isThrottled) await vi.waitFor(async () => expect(await review('review-sent', 0)).toBe('SENT'), healthy);
        const view = await operatorsView(gateway.adminOrigin);
        expect(view).toHaveLength(2);
        for (const text of [...gateway.log, ...gateway.operations, ...errors, ...view]) {
          for (const canary of CANARIES) expect(text).not.toMatch(canary);
        }
        expect(gateway.log.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
      } finally {
        await own.stop();
        await Promise.all([partoo.refuse(), cronofy.refuse()]);
        await sandbox.stop();
      }
    },
  };
}

/** A test that may start gateways; how they are left is looked at when it has passed. */
export const test = base.extend<{
  start: (environment?: Environment, options?: Pick<ProxyOptions, 'setUpMs'>) => Promise<Faulty>;
}>({
  // biome-ignore lint/correctness/noEmptyPattern: a fixture names what it needs, and this one needs nothing
  start: async ({}, use) => {
    const started: (Faulty & { end(): Promise<void> })[] = [];
    await use(async (environment = {}, options = {}) => {
      const faulty = await startFaulty(environment, options);
      started.push(faulty);
      return faulty;
    });
    for (const faulty of started) await faulty.end();
  },
});
