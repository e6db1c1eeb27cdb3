// The composition root: the one place that wires the rooms together. gateway/ has its parts: a tenant, the list of
// tenants, and what tenants share.

import { type Admission, createAdmission, OPEN } from './access/admission.ts';
import { type AuthoritySettings, createAuthority } from './access/authority.ts';
import { createRate } from './access/caller-rate.ts';
import { createToldFaults } from './access/told-faults.ts';
import type { Caller } from './access/viewer.ts';
import { keysStateOf } from './gateway/keys-state.ts';
import { ownHostsOf } from './gateway/own-hosts.ts';
import { createQuotas } from './gateway/quotas.ts';
import { createTenant, type Tenant } from './gateway/tenant.ts';
import { createTenants, type TenantList } from './gateway/tenants.ts';
import { startTraces } from './gateway/traces.ts';
import { Unauthenticated } from './invitation/problem.ts';
import { createStreamPlaces } from './live/stream-places.ts';
import { createInvitationLoader } from './loaders/invitation-loader.ts';
import { createSharedClock } from './redis/clock.ts';
import type { Context } from './schema/builder.ts';
import { schema as api } from './schema/index.ts';
import { subgraphOf } from './schema/subgraph.ts';
import { type AdminRoutes, startAdmin } from './server/admin.ts';
import { type GraphiqlExamples, graphiqlTabs } from './server/graphiql.ts';
import { createGraphQLService } from './server/graphql.ts';
import { type RunningServer, startServer } from './server/server.ts';
import { createBroughtTraces } from './server/trace-context.ts';
import { createWebhookHandler } from './server/webhooks.ts';
import { ADMIN_EXPOSED, isLoopback } from './settings/networks.ts';
import type { Settings } from './settings.ts';
import type { GivenListener } from './snapshots/given.ts';
import { createStoreSpace } from './snapshots/store-space.ts';
import type { GatewayState } from './telemetry/gateway-state.ts';
import type { Logger } from './telemetry/log.ts';
import { inBatches } from './telemetry/operation-batches.ts';
import { createOperationLog } from './telemetry/operation-log.ts';
import { telemetryOf } from './telemetry/telemetry.ts';

export interface RunningGateway extends Pick<RunningServer, 'origin' | 'drain' | 'stop'> {
  /** Where the operator's port is; undefined where there is none. */
  readonly adminOrigin: string | undefined;
  /** Serves these tenants from now on; those that are as they were keep what they have. */
  replaceTenants(tenants: NonNullable<Settings['tenants']>): void;
}

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
): Promise<RunningGateway> {
  const now = () => performance.now();
  const metrics = settings.admin && (await import('./gateway/metrics-route.ts')).createMetricsRoute();
  const status =
    settings.admin &&
    (await import('./gateway/status-route.ts')).createStatusRoute({
      maxStreams: settings.streams.maxStreams,
      hasRedis: settings.redisUrl !== null,
    });
  const operationLog = createOperationLog(log, settings.slowMs);
  const traces = settings.traces && (await startTraces(settings.traces, log, metrics?.listener));
  const counters = inBatches(telemetryOf([metrics?.listener ?? [], status?.listener ?? []].flat()));
  // The log and the traces are told at once: they read what may still change in a record.
  const telemetry = telemetryOf([operationLog, counters.listener, traces ?? []].flat());
  const client =
    settings.redisUrl === null
      ? undefined
      : // Loaded where it is used: it is a tenth of what an idle process holds.
        (await import('./redis/redis.ts')).createRedis(
          settings.redisUrl.reveal(),
          (reason) => {
            if (reason === undefined) log.warn('Redis can be used');
            else log.warn({ reason }, 'Redis cannot be used');
            telemetry.redisChanged?.(reason);
          },
          settings.redisCa,
          telemetry.commanded,
        );
  const { limit, windowMs } = settings.callerRate;
  const refRate = createRate(limit, windowMs);
  const places = createStreamPlaces(settings.streams);
  const space = createStoreSpace(settings.snapshots);
  const quotas = createQuotas(settings, client);
  const shared = {
    settings,
    quotas,
    places,
    space,
    refRate,
    redis: client && { client, clock: createSharedClock(client, now) },
    telemetry,
    log,
    now,
  };
  const authorityOf = (set: AuthoritySettings, tenant?: string) =>
    createAuthority(set, {
      proxy: settings.proxy,
      onGone: endOutdated,
      onTrouble: (isDown) =>
        isDown
          ? log.warn({ tenant }, 'the keys of tokens cannot be fetched: those that were had go on')
          : log.warn({ tenant }, 'the keys of tokens can be fetched'),
    });
  let server: RunningServer | undefined;
  const tenants = createTenants(settings.tenants ?? theOnly(settings), {
    create: (name, { accounts }) => createTenant(name, accounts, shared),
    createAuthority: (name, set) => authorityOf(set, name),
  });
  // Without a file of tenants there is one, from the start.
  await tenants.of(null);

  /** Those of viewers whose key or tenant has gone. In one turn: no `complete` is sent on a socket that is closed in it. */
  function endOutdated(): void {
    server?.endOutdated();
    for (const { streams } of tenants.made()) streams.endOutdated();
  }

  const { access } = settings;
  const authority = access?.authority && authorityOf(access.authority);
  const admission: Admission =
    access === undefined
      ? OPEN
      : createAdmission({
          authority,
          onFault: createToldFaults(log, now),
          failures: createRate(FAILED_TOKENS.limit, FAILED_TOKENS.windowMs),
          tenants: settings.tenants && tenants,
          claim: access.claim,
          defaultsOf: tenants.defaultsOf,
          onRefused: telemetry.refused,
        });
  const schema = settings.federation ? subgraphOf(api) : api;
  const tabs = settings.graphiql ? graphiqlTabs(schema, examples, admission.asksForTokens) : undefined;

  function contextOf(tenant: Tenant, caller: Caller, given: GivenListener): Context {
    const createLoaders = () => ({ invitation: createInvitationLoader(tenant.snapshots, caller, refRate, given) });
    return {
      loaders: createLoaders(),
      createLoaders,
      streams: tenant.streams,
      ageMs: tenant.snapshots.ageMs,
      given,
      viewer: caller.viewer,
      providers: tenant.providers,
      defaultsOf: tenant.defaultsOf,
      asked: undefined,
    };
  }

  const graphql = createGraphQLService({
    schema,
    createContext(caller, given) {
      const tenant = tenants.of(caller.viewer.tenant);
      if (tenant === undefined) return Promise.reject(TENANT_GONE);
      if (!(tenant instanceof Promise)) return contextOf(tenant, caller, given);
      return tenant.then((made) => contextOf(made, caller, given));
    },
    trustedDocuments: settings.trustedDocuments,
    introspection: settings.introspection,
    operationRate: createRate(limit, windowMs),
    tabs,
    log,
    listener: telemetry,
  });
  const broughtBy = createBroughtTraces(settings.trustedProxies);
  const webhooks = createWebhookHandler(
    (name) => tenants.takerOf(settings.tenants === undefined && name === ONLY_TENANT ? null : name),
    {
      notified: telemetry.notified,
      begin: (name, request) => telemetry.trace?.(name, broughtBy(request), now()),
      end: telemetry.received,
    },
  );

  /** What callers may notice: a provider that is not called, processes that do not hear of each other, refused streams. */
  const degraded = () => [
    ...new Set(tenants.made().flatMap((tenant) => tenant.failing())),
    ...(client === undefined || client.isUp() ? [] : ['REDIS']),
    ...(places.areFull() ? ['STREAMS'] : []),
  ];

  const isConfigured = settings.accounts.length > 0 || settings.tenants !== undefined;
  server = await startServer(
    { graphql, admission, isOwnHost: ownHostsOf(admission, settings), webhooks, isConfigured, degraded, tabs },
    settings,
    log,
  );
  const state: GatewayState = {
    tenants: tenants.made,
    held: space.held,
    streams: graphql.streams,
    documents: graphql.kept,
    inLine: quotas.inLine,
    keys: () => keysStateOf([...(authority?.keys === undefined ? [] : [authority.keys]), ...tenants.keySets()]),
    isRedisUp: client?.isUp,
    settle: counters.settle,
  };
  const pages: AdminRoutes = new Map([
    ...(metrics === undefined ? [] : [['/metrics', metrics.createHandler(state)] as const]),
    ...(status?.open({ ...state, isDraining: server.isDraining }) ?? []),
  ]);
  const admin = settings.admin && (await startAdmin(pages, server.probe, settings.admin, log));
  if (settings.admin !== undefined && !isLoopback(settings.admin.host)) log.warn(ADMIN_EXPOSED);
  const { origin, drain, stop } = server;
  return {
    origin,
    adminOrigin: admin?.origin,
    drain,
    replaceTenants(list) {
      tenants.replace(list);
      endOutdated();
    },
    async stop(timeoutMs) {
      // The listener first: a client whose stream has completed must not come back to this process.
      const stopped = stop(timeoutMs);
      tenants.completeStreams();
      await stopped;
      tenants.stop();
      admission.stop();
      client?.close();
      status?.stop();
      await admin?.stop();
      await traces?.stop();
    },
  };
}

/** In the path of webhooks: the one tenant of a gateway without a file of tenants. */
const ONLY_TENANT = 'default';

function theOnly({ accounts }: Settings): TenantList {
  return new Map([[null, { accounts, authority: undefined, fingerprint: '' }]]);
}

/** The tenant was replaced while the request arrived: it had never been used, or has ended since. */
const TENANT_GONE = new Unauthenticated('The tenant has changed: send the request again.', true);
