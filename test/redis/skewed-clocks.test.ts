// Processes on machines whose clocks differ by minutes, each a process of its own: what one has read is to another as old
// as it is.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { invite, subscribeTo } from '../live/subscriber.ts';
import { endRuns, startGateway } from '../process.ts';
import { untilConnected, untilShared } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

const MINUTE = 60_000;

let server: RedisServer;
let sandbox: Sandbox;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  sandbox = await startSandbox({ cronofy: { latencyMs: 0, quota: [] }, partoo: { latencyMs: 0, quota: [] } });
});
afterEach(async () => {
  await endRuns();
  await sandbox.stop();
  await server.command('FLUSHALL');
});

/** Runs before the gateway: its wall clock is off by so much from then on. */
function skewed(ms: number): string {
  const code = `
    const Real = Date;
    globalThis.Date = class Date extends Real {
      constructor(...args) { super(...(args.length ? args : [Real.now() + ${ms}])); }
      static now() { return Real.now() + ${ms}; }
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

async function start(skewMs: number) {
  const { origin } = await startGateway({
    REDIS_URL: server.url,
    PROCESSES: '2',
    NODE_OPTIONS: skewed(skewMs),
    ...sandbox.variables,
  });
  const ask = async (path: string, init?: RequestInit) => (await fetch(`${origin}${path}`, init)).json();
  return {
    origin,
    ready: () => ask('/ready') as Promise<{ degraded: string[] }>,
    async read(maxAgeSeconds: number | null = null): Promise<{ status: string; observedAt: string }> {
      const query = `query($age: Int) {
        reviewInvitation(invitationId: "review-waiting-1", maxAgeSeconds: $age) { status observedAt }
      }`;
      const body = JSON.stringify({ query, variables: { age: maxAgeSeconds } });
      const headers = { 'content-type': 'application/json' };
      const { data } = (await ask('/graphql', { method: 'POST', headers, body })) as never;
      return (data as { reviewInvitation: { status: string; observedAt: string } }).reviewInvitation;
    },
  };
}

const calls = () => sandbox.partoo.calls.length;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each([
  ['ahead', 7 * MINUTE],
  ['behind', -7 * MINUTE],
])('of two processes, of which the second one’s clock is minutes %s', (_, skewMs) => {
  test('the second serves what the first has read as old as it is, and with the moment that the first says', async () => {
    const [first, second] = [await start(0), await start(skewMs)];
    await untilConnected(server, [first, second] as never, 15_000);
    const read = await first.read();
    expect(Math.abs(Date.parse(read.observedAt) - Date.now())).toBeLessThan(MINUTE);
    await untilShared(server, 1);
    expect(await second.read()).toEqual(read);
    expect(calls()).toBe(1);
    await sleep(2_000);
    // Older than that it is by now, in a process that has just started, too.
    const third = await start(skewMs);
    await untilConnected(server, [third] as never, 15_000);
    expect(await third.read(600)).toEqual(read);
    expect(calls()).toBe(1);
    expect((await third.read(1)).observedAt).not.toBe(read.observedAt);
    expect(calls()).toBe(2);
  });

  test('an event that the first has caused comes with extras that are no older, for one read', async () => {
    const [first, second] = [await start(0), await start(skewMs)];
    await untilConnected(server, [first, second] as never, 15_000);
    const fields = 'status ... on SmartInvite { attachments { icalendar } }';
    const streams = Array.from({ length: 3 }, () => subscribeTo(second.origin, [invite('invite-pending')], fields));
    for (const stream of streams) await stream.first(1);
    const readsOfExtras = () => sandbox.cronofy.calls.filter(({ target }) => target.includes('include_ics')).length;
    const before = readsOfExtras();
    sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
    const query = '{ smartInvite(smartInviteId: "invite-pending", maxAgeSeconds: 0) { status } }';
    const headers = { 'content-type': 'application/json' };
    await fetch(`${first.origin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    for (const stream of streams) {
      const { invitation } = await stream.until((event) => event.invitation.status === 'ACCEPTED');
      expect(invitation.attachments.icalendar).toContain('BEGIN:VCALENDAR');
    }
    await sleep(500);
    expect(readsOfExtras() - before).toBe(1);
  });

  test('either takes from the other what is newer', async () => {
    const [first, second] = [await start(0), await start(skewMs)];
    await untilConnected(server, [first, second] as never, 15_000);
    for (const [status, reader, other] of [
      ['CREATED', first, second],
      ['FAILED_SEND', second, first],
      ['DELIVERED', first, second],
    ] as const) {
      sandbox.partoo.put({ invitation_id: 'review-waiting-1', status });
      const read = await reader.read(0);
      await expect.poll(() => other.read(600), { interval: 10 }).toEqual(read);
    }
    expect(calls()).toBe(3);
  });
});
