// README's pattern for SSE, which has no client that subscribes again by itself: what it shows goes on when the process
// that serves it goes, and ends when nothing can change any more.

import { readFileSync } from 'node:fs';
import { subscriptionExchange, Client as UrqlClient } from '@urql/core';
import { type Client, createClient } from 'graphql-sse';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { endRuns, startGateway } from '../process.ts';
import { accept } from './gateway.ts';
import { subscribeAnew } from './subscribe-anew.ts';

afterEach(endRuns);

const PATIENCE = { interval: 10 };
const QUERY = 'subscription Live($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id status isFinal } }';
const OPEN = { smartInvite: { smartInviteId: 'invite-pending' } };
const FINAL = { reviewInvitation: { invitationId: 'review-delivered' } };

interface Shown {
  readonly statuses: readonly unknown[];
  readonly outcome: () => string;
  leave(): void;
}

/** Counts the streams that a client opens. */
function counting(url: () => string): { client: Client; opened: () => number } {
  let opened = 0;
  const connecting = () => {
    opened += 1;
  };
  const client = createClient({ url, retryAttempts: 0, on: { connecting } });
  onTestFinished(client.dispose);
  return { client, opened: () => opened };
}

function codeOf(errors: readonly { readonly extensions?: unknown }[] = []): unknown {
  return (errors[0]?.extensions as { code?: unknown } | undefined)?.code;
}

function show(client: Client, refs: readonly unknown[]): Shown {
  const statuses: unknown[] = [];
  let outcome = 'open';
  const leave = subscribeAnew(
    client,
    { query: QUERY, variables: { refs } },
    {
      next: ({ data, errors }) => void statuses.push(data?.invitationChanged.status ?? codeOf(errors)),
      error: (error) => {
        outcome = String(error);
      },
      complete: () => {
        outcome = 'completed';
      },
    },
  );
  onTestFinished(leave);
  return { statuses, outcome: () => outcome, leave };
}

test('README shows what runs here', () => {
  const source = readFileSync('test/clients/subscribe-anew.ts', 'utf8');
  expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`ts\n${source}\`\`\``);
});

test('a stream goes on at the next process when its own goes', async () => {
  const [first, second] = [await startGateway({ DRAIN_SECONDS: '0' }), await startGateway({})];
  let origin = first.origin;
  const { client } = counting(() => `${origin}/graphql`);
  const { statuses, outcome } = show(client, [OPEN]);
  await vi.waitUntil(() => statuses.length === 1, PATIENCE);
  origin = second.origin;
  first.child.kill('SIGTERM');
  await vi.waitUntil(() => statuses.length === 2, PATIENCE);
  expect([statuses, outcome()]).toEqual([['PENDING', 'PENDING'], 'open']);
  expect(await first.ended).toEqual({ code: 0, signal: null });
});

test('forty streams that complete at once come back spread over a second, and none comes back that was left', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const sinks: { complete(): void; next(event: object): void }[] = [];
  const subscribe: Client['subscribe'] = (_, sink) => {
    sinks.push(sink as never);
    return () => undefined;
  };
  const client = { subscribe } as Client;
  const streams = Array.from({ length: 40 }, () => show(client, [OPEN]));
  for (const sink of sinks) sink.next({ data: { invitationChanged: { id: 'a', isFinal: false, status: 'PENDING' } } });
  for (const sink of sinks.slice()) sink.complete();
  streams[0]?.leave();
  const back = [0, 250, 500, 750, 1_000].map((atMs) => {
    vi.advanceTimersByTime(atMs === 0 ? 0 : 250);
    return sinks.length - 40;
  });
  expect(back[0]).toBeLessThan(5);
  expect(back[2]).toBeGreaterThan(5);
  expect(back[2]).toBeLessThan(35);
  expect(back[4]).toBe(39);
});

test('a page of what is final and what is not there is asked for ever more seldom', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let opened = 0;
  const subscribe: Client['subscribe'] = (_, sink) => {
    opened += 1;
    // As the gateway does: one is final, and of the other nothing comes.
    sink.next({ data: { invitationChanged: { id: 'a', isFinal: true, status: 'DELIVERED' } } } as never);
    sink.complete();
    return () => undefined;
  };
  const { outcome } = show({ subscribe } as Client, [FINAL, OPEN]);
  vi.advanceTimersByTime(10 * 60_000);
  // Each second on average, it would be hundreds.
  expect(opened).toBeGreaterThan(5);
  expect(opened).toBeLessThan(60);
  expect(outcome()).toBe('open');
});

describe('with a gateway that stays', () => {
  let gateway: TestGateway;
  afterEach(() => gateway.stop());
  const url = () => `${gateway.origin}/graphql`;

  test('a stream of what is final completes, and is not asked for again', async () => {
    gateway = await startTestGateway();
    const { client, opened } = counting(url);
    const { statuses, outcome } = show(client, [FINAL]);
    await vi.waitUntil(() => outcome() !== 'open', PATIENCE);
    expect([statuses, outcome(), opened()]).toEqual([['DELIVERED'], 'completed', 1]);
  });

  test('a stream that is refused is asked for again, and is given when there is room', async () => {
    gateway = await startTestGateway({ environment: { MAX_STREAMS: '1' } });
    const { client, opened } = counting(url);
    const other = show(client, [OPEN]);
    await vi.waitUntil(() => other.statuses.length === 1, PATIENCE);
    const { statuses } = show(counting(url).client, [OPEN]);
    await vi.waitUntil(() => statuses.includes('RATE_LIMITED'), PATIENCE);
    other.leave();
    await vi.waitUntil(() => statuses.at(-1) === 'PENDING', PATIENCE);
    // What was left is not asked for again.
    expect([other.outcome(), opened()]).toEqual(['completed', 1]);
  });

  test("urql's subscriptions go the same way", async () => {
    gateway = await startTestGateway();
    const { client } = counting(url);
    const urql = new UrqlClient({
      url: url(),
      preferGetMethod: false,
      exchanges: [
        subscriptionExchange({
          forwardSubscription: ({ query = '', variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: subscribeAnew(client, { query, variables: variables as never }, sink as never),
            }),
          }),
        }),
      ],
    });
    const statuses: unknown[] = [];
    const { unsubscribe } = urql
      .subscription(QUERY, { refs: [OPEN] })
      .subscribe(({ data, error }) => statuses.push(error?.message ?? data?.invitationChanged.status));
    onTestFinished(unsubscribe);
    await vi.waitUntil(() => statuses.length === 1, PATIENCE);
    accept(gateway);
    await vi.waitUntil(() => statuses.length === 2, PATIENCE);
    expect(statuses).toEqual(['PENDING', 'ACCEPTED']);
  });
});
