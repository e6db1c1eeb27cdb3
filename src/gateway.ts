// The composition root: the one place that wires the rooms together.

import type { InvitationType, ProviderName } from './invitation/invitation.ts';
import { createChanges } from './live/changes.ts';
import { createNotifications } from './live/notifications.ts';
import { createStreams } from './live/streams.ts';
import { createWatcher } from './live/watcher.ts';
import { createInvitationLoader } from './loaders/invitation-loader.ts';
import { providers } from './providers/index.ts';
import type { Context, ProviderStatus } from './schema/builder.ts';
import { schema } from './schema/index.ts';
import { createGraphQLService } from './server/graphql.ts';
import { type RunningServer, startServer } from './server/server.ts';
import { createWebhookHandler } from './server/webhooks.ts';
import type { Settings } from './settings.ts';
import { createSnapshots, type Source } from './snapshots/snapshots.ts';
import type { Logger } from './telemetry/log.ts';
import { createTransport } from './upstream/request.ts';
import { createUpstream, type Upstream } from './upstream/upstream.ts';

/** How long a provider is waited for, and how many calls at once it gets. */
const LIMITS = {
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 3_000,
  attemptTimeoutMs: 4_000,
  totalTimeoutMs: 8_000,
  maxInFlight: 32,
  // With those in flight, two whole pages of one provider's invitations.
  maxWaiting: 168,
};

/** @throws Error where the host and port cannot be listened on. */
export async function startGateway(settings: Settings, log: Logger): Promise<RunningServer> {
  const transport = createTransport(LIMITS);
  const upstreams = new Map<ProviderName, Upstream>();
  const sources = new Map<InvitationType, Source>();
  for (const account of settings.accounts) {
    const { provider } = account;
    const upstream = createUpstream(provider, transport, { ...LIMITS, quota: account.quota });
    upstream.policy.onCircuit(() => log.warn({ provider, circuit: upstream.policy.circuit() }, 'the breaker changed'));
    upstreams.set(provider, upstream);
    sources.set(account.reads, { reader: account.open(upstream.call), upstream });
  }
  const changes = createChanges();
  // Which kinds of invitations a provider was seen to notify us of.
  const notified = new Set<InvitationType>();
  const snapshots = createSnapshots(sources, {
    ...settings.snapshots,
    onChange(ref, snapshot) {
      changes.publish(ref, snapshot);
      watcher.changed(ref, snapshot);
    },
  });
  const watcher = createWatcher({ want: snapshots.want, isNotified: (ref) => notified.has(ref.type) });
  const streams = createStreams(snapshots, changes, watcher, settings.streams);

  const graphql = createGraphQLService<Context>({
    schema,
    createContext(caller, callerId) {
      const createLoaders = () => ({ invitation: createInvitationLoader(snapshots, caller) });
      return {
        loaders: createLoaders(),
        createLoaders,
        streams,
        callerId,
        providers: () => providers.map(({ name }) => statusOf(name, upstreams.get(name))),
        defaultDataCenter: settings.defaultDataCenter,
      };
    },
    graphiql: settings.graphiql,
    log,
  });
  const webhooks = createWebhookHandler({
    accounts: settings.accounts,
    notifications: createNotifications(snapshots, watcher),
    onGenuine: ({ reads }) => void notified.add(reads),
  });

  const server = await startServer({ graphql, webhooks }, settings);
  return {
    origin: server.origin,
    async stop(timeoutMs) {
      streams.stop();
      watcher.stop();
      await server.stop(timeoutMs);
      await transport.close();
    },
  };
}

function statusOf(provider: ProviderName, upstream: Upstream | undefined): ProviderStatus {
  if (upstream === undefined) return { provider, isConfigured: false, circuit: 'CLOSED', quota: null };
  const { limit, remaining, resetsInMs } = upstream.quota.status();
  return {
    provider,
    isConfigured: true,
    circuit: upstream.policy.circuit(),
    quota: { limit, remaining, resetsAt: new Date(Date.now() + resetsInMs) },
  };
}
