// Why an answer is older, or less certain, than the caller wanted, as the caller sees it: the provider causes each
// reason.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness.ts';
import { invite, subscribeTo } from '../live/subscriber.ts';

let gateway: TestGateway;
afterEach(() => gateway.stop());

const FIELDS = 'status rawStatus isStale staleness { reason retryAt }';
const FRESH = { isStale: false, staleness: null };

/** Whatever is asked for is read again, and what is known is given where it cannot be. */
const NEVER_FRESH = { FRESH_SECONDS: '0', REVALIDATE_SECONDS: '0', FINAL_SECONDS: '0' };

async function start({ environment, ...options }: TestGatewayOptions): Promise<TestGateway> {
  gateway = await startTestGateway({ ...options, environment: { ...NEVER_FRESH, ...environment } });
  return gateway;
}

async function ask(age = ''): Promise<unknown> {
  const { data, errors } = await gateway.query(`{ reviewInvitation(invitationId: "review-sent"${age}) { ${FIELDS} } }`);
  expect(errors).toBeUndefined();
  return data.reviewInvitation;
}

const sent = (rest: object) => ({ status: 'PENDING', rawStatus: 'SENT', ...rest });
const stale = (reason: string, retryAt: unknown = null) => ({ isStale: true, staleness: { reason, retryAt } });

describe('an answer is stale', () => {
  test('as RATE_LIMITED while the quota is used up, and fresh afterwards', async () => {
    await start({
      environment: { PARTOO_QUOTA: '1/2s', FRESH_SECONDS: '0.5', REVALIDATE_SECONDS: '0.5', FINAL_SECONDS: '1' },
    });
    expect(await ask()).toEqual(sent(FRESH));
    await sleep(600);
    expect(await ask()).toEqual(sent(stale('RATE_LIMITED')));
    await vi.waitUntil(async () => JSON.stringify(await ask()) === JSON.stringify(sent(FRESH)), {
      timeout: 10_000,
      interval: 50,
    });
  });

  test('as RATE_LIMITED until the moment that the provider names', async () => {
    await start({});
    await ask();
    gateway.sandbox.partoo.misbehave({ status: 429, headers: { 'retry-after': '20' } });
    const before = Date.now();
    const told = await ask(', maxAgeSeconds: 0');
    expect(told).toEqual(sent(stale('RATE_LIMITED', expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/))));
    const { retryAt } = (told as { staleness: { retryAt: string } }).staleness;
    expect(Date.parse(retryAt) - before).toBeGreaterThan(15_000);
    expect(Date.parse(retryAt) - Date.now()).toBeLessThanOrEqual(20_000);
  });

  test('as UNAVAILABLE where the provider fails', async () => {
    await start({ environment: { PATIENCE_SECONDS: '10' } });
    await ask();
    gateway.sandbox.partoo.misbehave({ status: 503 });
    expect(await ask()).toEqual(sent(stale('UNAVAILABLE')));
    expect(await ask(', maxAgeSeconds: 0')).toEqual(sent(stale('UNAVAILABLE')));
    gateway.sandbox.partoo.misbehave(undefined);
    await vi.waitUntil(async () => JSON.stringify(await ask()) === JSON.stringify(sent(FRESH)), {
      timeout: 10_000,
      interval: 50,
    });
  });

  test('as TIMEOUT where the provider takes longer than callers wait, and fresh where the caller asks for maxAgeSeconds: 0', async () => {
    await start({ environment: { PATIENCE_SECONDS: '0.2' } });
    await ask();
    gateway.sandbox.partoo.misbehave({ delayMs: 1_000 });
    const startedAt = performance.now();
    expect(await ask()).toEqual(sent(stale('TIMEOUT')));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(await ask(', maxAgeSeconds: 0')).toEqual(sent(FRESH));
  });

  test('as UNCONFIRMED where a notification gave it, and no quota is left to read it', async () => {
    await start({
      environment: { CRONOFY_QUOTA: '1/3s', FRESH_SECONDS: '5', REVALIDATE_SECONDS: '5', FINAL_SECONDS: '5' },
    });
    const shown = async () =>
      (await gateway.query(`{ smartInvite(smartInviteId: "invite-pending") { ${FIELDS} } }`)).data.smartInvite;
    expect(await shown()).toEqual({ status: 'PENDING', rawStatus: 'pending', ...FRESH });
    const email = 'invite-pending@example.com';
    const stream = subscribeTo(gateway.origin, [{ smartInvite: { smartInviteId: 'invite-pending' } }], FIELDS);
    await stream.first(1);
    gateway.sandbox.cronofy.reply('invite-pending', { email, status: 'accepted' });
    const unconfirmed = { status: 'ACCEPTED', rawStatus: 'accepted', ...stale('UNCONFIRMED') };
    await stream.until(({ invitation }) => invitation.status === 'ACCEPTED');
    expect(stream.events[1]?.invitation).toEqual(unconfirmed);
    expect(await shown()).toEqual(unconfirmed);
    // A read follows when the quota allows it, and confirms the state to subscribers.
    await stream.until(({ invitation }) => invitation.status === 'ACCEPTED' && !invitation.isStale);
    expect(stream.events.at(-1)?.invitation).toEqual({ status: 'ACCEPTED', rawStatus: 'accepted', ...FRESH });
  });
});

test('an answer is an error, and not stale, where the provider refuses or gives an answer that cannot be decoded', async () => {
  await start({ environment: { PATIENCE_SECONDS: '10' } });
  for (const misbehaviour of [{ status: 401 }, { status: 422 }, { status: 200, body: 'nonsense' }]) {
    gateway.sandbox.partoo.misbehave(undefined);
    expect(await ask()).toEqual(sent(FRESH));
    gateway.sandbox.partoo.misbehave(misbehaviour);
    const { data, errors } = await gateway.query(`{ reviewInvitation(invitationId: "review-sent") { ${FIELDS} } }`);
    expect(data).toEqual({ reviewInvitation: null });
    expect(errors).toHaveLength(1);
  }
});

test('each answer of a list has its own reason', async () => {
  await start({ environment: { PATIENCE_SECONDS: '10' } });
  const refs = ['review-sent', 'review-created'].map((invitationId) => ({ reviewInvitation: { invitationId } }));
  const list = async () => {
    const query = `query($refs: [InvitationRef!]!) { invitations(refs: $refs) { externalId isStale staleness { reason } } }`;
    return (await gateway.query(query, { refs: [...refs, invite('invite-pending')] })).data.invitations;
  };
  const fresh = { isStale: false, staleness: null };
  const [one, other, third] = ['review-sent', 'review-created', 'invite-pending'].map((externalId) => ({ externalId }));
  expect(await list()).toEqual([one, other, third].map((each) => ({ ...each, ...fresh })));
  gateway.sandbox.partoo.misbehave({ status: 503, match: 'review-created' });
  expect(await list()).toEqual([
    { ...one, ...fresh },
    { ...other, isStale: true, staleness: { reason: 'UNAVAILABLE' } },
    { ...third, ...fresh },
  ]);
});
