// Gateways as a load balancer has them behind it: several on one Redis and one sandbox, each over real HTTP.

import { vi } from 'vitest';
import { startGateway } from '../../src/gateway.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { GraphQLAnswer } from '../harness.ts';
import { expectPrivateLog, secretsIn } from '../private.ts';

export interface PairedGateway {
  readonly origin: string;
  /** Every line logged so far. */
  readonly log: readonly string[];
  query(query: string, variables?: object): Promise<GraphQLAnswer>;
  /** What GET /ready says. */
  ready(): Promise<{ status: string; degraded: string[] }>;
}

export interface Pair {
  readonly sandbox: Sandbox;
  /** The one that Cronofy notifies. */
  readonly a: PairedGateway;
  readonly b: PairedGateway;
  /** One more, which has missed all earlier messages. @param own Variables that it alone has. */
  join(own?: Environment): Promise<PairedGateway>;
  /** Targets of the upstream calls so far. */
  calls(): string[];
  stop(): Promise<void>;
}

const QUICK = { latencyMs: 0, quota: [] };

/** Two gateways. It does not wait for Redis, which may be down. */
export async function startPair(redisUrl: string, environment: Environment = {}): Promise<Pair> {
  const sandbox = await startSandbox({ cronofy: QUICK, partoo: QUICK });
  const stops: (() => Promise<void>)[] = [];

  async function join(own: Environment = {}): Promise<PairedGateway> {
    const log: string[] = [];
    const variables: Environment = {
      PORT: '0',
      REDIS_URL: redisUrl,
      PROCESSES: '2',
      ...sandbox.variables,
      ...environment,
      ...own,
    };
    const [settings, secrets] = [readSettings(variables), secretsIn(variables)];
    const gateway = await startGateway(settings, createLog('trace', { write: (line) => void log.push(line) }));
    stops.push(async () => {
      await gateway.stop(1_000);
      expectPrivateLog(log, secrets);
    });
    return {
      origin: gateway.origin,
      log,
      async query(query, variables = {}) {
        const response = await fetch(`${gateway.origin}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables }),
        });
        return { status: response.status, ...((await response.json()) as Omit<GraphQLAnswer, 'status'>) };
      },
      async ready() {
        const response = await fetch(`${gateway.origin}/ready`);
        return (await response.json()) as { status: string; degraded: string[] };
      },
    };
  }

  const [a, b] = [await join(), await join()];
  sandbox.notify(a.origin);
  return {
    sandbox,
    a,
    b,
    join,
    calls: () => [...sandbox.partoo.calls, ...sandbox.cronofy.calls].map(({ target }) => target),
    async stop() {
      const ended = await Promise.allSettled(stops.map((stop) => stop()));
      await sandbox.stop();
      for (const each of ended) if (each.status === 'rejected') throw each.reason;
    },
  };
}

/** A server's answers to commands, such as a test's RedisServer. */
interface Commanded {
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
}

/** Resolves when each of so many gateways has Redis and listens to the others; rejects after `timeout` milliseconds. */
export async function untilConnected(
  server: Commanded,
  gateways: readonly PairedGateway[],
  timeout = 5_000,
): Promise<void> {
  const check = async () => {
    for (const { ready } of gateways) if ((await ready()).degraded.includes('REDIS')) return false;
    const channels = (await server.command('PUBSUB', 'CHANNELS', 'gateway:*')) as string[];
    const counts = (await server.command('PUBSUB', 'NUMSUB', ...channels)) as (string | number)[];
    const numbers = counts.filter((count) => typeof count === 'number');
    return numbers.length > 0 && numbers.every((count) => count >= gateways.length);
  };
  await vi.waitUntil(check, { timeout, interval: 10 });
}

/** Resolves when Redis holds what was shared of so many invitations. */
export async function untilShared(server: Commanded, count: number): Promise<void> {
  await vi.waitUntil(async () => ((await server.command('KEYS', 'gateway:snapshot:*')) as string[]).length === count, {
    interval: 5,
  });
}

const REVIEW = 'query($id: ID!) { reviewInvitation(invitationId: $id) { invitationId status isStale } }';
const INVITE = 'query($id: ID!) { smartInvite(smartInviteId: $id) { smartInviteId status isStale } }';

export async function readReview({ query }: PairedGateway, id: string) {
  const { data, errors } = await query(REVIEW, { id });
  return errors?.[0]?.extensions.code ?? data.reviewInvitation;
}

export async function readInvite({ query }: PairedGateway, id: string) {
  const { data, errors } = await query(INVITE, { id });
  return errors?.[0]?.extensions.code ?? data.smartInvite;
}

/** Why Redis cannot be used, as the log says it, and undefined each time that it can. */
export function reasonsIn(log: readonly string[]): (string | undefined)[] {
  const lines = log.filter((line) => /"Redis can(not)? be used"/.test(line));
  return withoutDelays(lines.map((line) => (JSON.parse(line) as { reason?: string }).reason));
}

/** The same without answers that came too late, as they do on a busy machine. */
export function withoutDelays(reasons: readonly (string | undefined)[]): (string | undefined)[] {
  return reasons
    .filter((reason) => reason !== 'no answer')
    .filter((reason, n, all) => n === 0 || reason !== undefined || all[n - 1] !== undefined);
}
