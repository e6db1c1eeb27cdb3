// The composition root: the one place that wires the rooms together.

import { type Admission, createAdmission, OPEN } from './access/admission.ts';
import { createAuthority } from './access/authority.ts';
import { createRate } from './access/caller-rate.ts';
import type { InvitationType } from './invitation/kinds.ts';
import type { ProviderName } from './invitation/provider.ts';
import { createCallbackAddresses } from './live/callback-addresses.ts';
import { createChanges } from './live/changes.ts';
import { createNotifications } from './live/notifications.ts';
import { createSharedNotifications } from './live/redis-notifications.ts';
import { createStreams } from './live/streams.ts';
import { createWatcher } from './live/watcher.ts';
import { createInvitationLoader } from './loaders/invitation-loader.ts';
import { providers } from './providers/index.ts';
import type { Account } from './providers/provider.ts';
import { createSharedClock } from './redis/clock.ts';
import type { Context, ProviderStatus } from './schema/builder.ts';
import { schema } from './schema/index.ts';
import { type GraphiqlExamples, graphiqlTabs } from './server/graphiql.ts';
import { createGraphQLService } from './server/graphql.ts';
import { type RunningServer, startServer } from './server/server.ts';
import { createWebhookHandler } from './server/webhooks.ts';
import type { Settings } from './settings.ts';
import type { Source } from './snapshots/provider-read.ts';
import { createSharedTier } from './snapshots/redis-tier.ts';
import { createSnapshots } from './snapshots/snapshots.ts';
import type { Logger } from './telemetry/log.ts';
import { createTally } from './telemetry/tally.ts';
import type { Circuit } from './upstream/breaker.ts';
import type { OriginListener } from './upstream/origins.ts';
import { createQuota } from './upstream/quota.ts';
import { withMargin } from './upstream/quota-window.ts';
import { createSharedQuota } from './upstream/redis-quota.ts';
import { createTransport } from './upstream/transport.ts';
import { createUpstream, type Upstream } from './upstream/upstream.ts';

/** How long a provider is waited for, and how many calls at once each of its origins gets. */
const LIMITS = {
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 3_000,
  attemptTimeoutMs: 4_000,
  totalTimeoutMs: 8_000,
  maxInFlight: 32,
  // With those in flight, two whole pages of one provider's invitations.
  maxWaiting: 168,
};

/** How many tokens that are not accepted an address may send before it is told to wait. */
const FAILED_TOKENS = { limit: 60, windowMs: 60_000 };

/**
 * @param examples What GraphiQL's tabs ask for; by default placeholders.
 * @throws Error where the host and port cannot be listened on.
 */
export async function startGateway(
  settings: Settings,
  log: Logger,
  examples?: GraphiqlExamples,
): Promise<RunningServer> {
  const redis =
    settings.redisUrl === null
      ? undefined
      : // Loaded where it is used: it is a tenth of what an idle process holds.
        (await import('./redis/redis.ts')).createRedis(
          settings.redisUrl.reveal(),
          (reason) =>
            reason === undefined ? log.warn('Redis can be used') : log.warn({ reason }, 'Redis cannot be used'),
          settings.redisCa,
        );
  const upstreams = new Map<ProviderName, Upstream>();
  const sources = new Map<InvitationType, Source>();
  for (const account of settings.accounts) {
    const { provider } = account;
    const windows = withMargin(account.quota);
    const { processes, fairReserve: reserve } = settings;
    const quota =
      redis === undefined
        ? createQuota(provider, windows, { reserve })
        : await createSharedQuota(provider, windows, redis, { accountId: account.id, processes, reserve });
    const limits = { ...LIMITS, proxy: settings.proxy };
    const upstream: Upstream = createUpstream(
      provider,
      (origin, troubles) => createTransport(origin, troubles, limits),
      { ...LIMITS, quota, listener: originLog(log, account, () => upstream.circuit()) },
    );
    upstreams.set(provider, upstream);
    const onMisfits = createTally((count, total) =>
      log.warn({ provider, count, total }, 'replies of another shape than the contract has were mended or left out'),
    );
    sources.set(account.reads, { reader: account.open(upstream.call, onMisfits), upstream });
  }
  const changes = createChanges();
  const scope = scopeOf(settings);
  const now = () => performance.now();
  const clock = redis && createSharedClock(redis, now);
  const shared =
    redis &&
    clock &&
    createSharedTier(redis, {
      scope,
      ttlMs: settings.snapshots.staleMs,
      clock,
      now,
      onRubbish: () => log.warn('rubbish in Redis was ignored'),
    });
  const snapshots = createSnapshots(sources, {
    ...settings.snapshots,
    ...(shared === undefined ? {} : { shared }),
    onChange: changes.publish,
  });
  const addresses = createCallbackAddresses(snapshots, changes);
  const watcher = createWatcher({ snapshots, changes, addresses });
  await shared?.listen(snapshots.adopt, () => {
    snapshots.miss();
    watcher.rereadAll();
  });
  const notifications = createNotifications({
    accounts: settings.accounts,
    snapshots,
    watcher,
    addresses,
    shared: redis && clock && createSharedNotifications(redis, scope, clock, now),
    onIgnored: createTally((count, total) =>
      log.info({ count, total }, 'signed notifications that name no invitation were ignored'),
    ),
  });
  await notifications.listen();
  const { limit, windowMs } = settings.callerRate;
  const refRate = createRate(limit, windowMs);
  const streams = createStreams(snapshots, changes, watcher, settings.streams, refRate);

  const defaults = new Map(settings.accounts.map((account) => [account.reads, account.defaults]));
  const { access } = settings;
  const admission: Admission =
    access === undefined
      ? OPEN
      : createAdmission({
          authority: createAuthority(access, {
            proxy: settings.proxy,
            onChange: () => admission.forget(),
            onTrouble: (isDown) =>
              isDown
                ? log.warn('the keys of tokens cannot be fetched: those that were had go on')
                : log.warn('the keys of tokens can be fetched'),
          }),
          failures: createRate(FAILED_TOKENS.limit, FAILED_TOKENS.windowMs),
          tenants: undefined,
          claim: access.claim,
          defaultsOf: (_, type) => defaults.get(type),
        });
  const tabs = settings.graphiql ? graphiqlTabs(schema, examples, admission.asksForTokens) : undefined;
  const listProviders = () => providers.map(({ name }) => statusOf(name, upstreams.get(name)));
  const graphql = createGraphQLService({
    schema,
    createContext(caller): Context {
      const createLoaders = () => ({ invitation: createInvitationLoader(snapshots, caller, refRate) });
      return {
        loaders: createLoaders(),
        createLoaders,
        streams,
        viewer: caller.viewer,
        providers: listProviders,
        defaultsOf: (type) => defaults.get(type),
      };
    },
    trustedDocuments: settings.trustedDocuments,
    introspection: settings.introspection,
    operationRate: createRate(limit, windowMs),
    tabs,
    log,
  });
  const webhooks = createWebhookHandler(notifications);

  /** What callers may notice: a provider that is not called, processes that do not hear of each other, refused streams. */
  const degraded = () => [
    ...[...upstreams].filter(([, upstream]) => upstream.circuit() !== 'CLOSED').map(([provider]) => provider),
    ...(redis === undefined || redis.isUp() ? [] : ['REDIS']),
    ...(streams.areFull() ? ['STREAMS'] : []),
  ];

  const isConfigured = settings.accounts.length > 0;
  const server = await startServer({ graphql, admission, webhooks, isConfigured, degraded, tabs }, settings, log);
  return {
    origin: server.origin,
    drain: server.drain,
    async stop(timeoutMs) {
      // The listener first: a client whose stream has completed must not come back to this process.
      const stopped = server.stop(timeoutMs);
      streams.stop();
      await stopped;
      watcher.stop();
      snapshots.stop();
      for (const upstream of upstreams.values()) upstream.close();
      admission.stop();
      redis?.close();
    },
  };
}

/** What processes share of snapshots and notifications: a new number where its meaning changes, so that versions keep apart. */
const FORMAT = 2;

// Processes with the same accounts belong together.
function scopeOf({ accounts }: Settings): string {
  return [FORMAT, ...accounts.map(({ id }) => id)].join('.');
}

/** What is told of an account's origins. Where it has several, their names say which; a host is never logged. */
function originLog(log: Logger, { provider, places }: Account, circuit: () => Circuit): OriginListener {
  const known = (origin: string) => ({ provider, ...(places && { place: places.get(origin) }) });
  return {
    circuitChanged: (origin, there) =>
      log.warn({ ...known(origin), ...(places && { there }), circuit: circuit() }, 'the breaker changed'),
    troubleBegan: (origin, { kind, detail }) =>
      log.warn({ ...known(origin), trouble: kind, detail }, 'calls to the provider fail'),
    troubleEnded: (origin, { kind, detail }) =>
      log.warn({ ...known(origin), trouble: kind, detail }, 'calls to the provider do not fail like this any more'),
  };
}

function statusOf(provider: ProviderName, upstream: Upstream | undefined): ProviderStatus {
  if (upstream === undefined) return { provider, isConfigured: false, circuit: 'CLOSED', quota: null };
  const { limit, remaining, resetsInMs } = upstream.quota.status();
  return {
    provider,
    isConfigured: true,
    circuit: upstream.circuit(),
    quota: { limit, remaining, resetsAt: new Date(Date.now() + resetsInMs) },
  };
}
