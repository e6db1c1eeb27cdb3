// The composition root: the one place that wires the rooms together.

import type { InvitationType, ProviderName } from './invitation/invitation.ts';
import { createInvitationLoader } from './loaders/invitation-loader.ts';
import { providers } from './providers/index.ts';
import type { Context, ProviderStatus } from './schema/builder.ts';
import { schema } from './schema/index.ts';
import { createGraphQLHandler } from './server/graphql.ts';
import { type RunningServer, startServer } from './server/server.ts';
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
  const snapshots = createSnapshots(sources, settings.snapshots);

  const graphql = createGraphQLHandler<Context>({
    schema,
    createContext: (caller) => ({
      loaders: { invitation: createInvitationLoader(snapshots, caller) },
      providers: () => providers.map(({ name }) => statusOf(name, upstreams.get(name))),
      defaultDataCenter: settings.defaultDataCenter,
    }),
    graphiql: settings.graphiql,
    log,
  });

  const server = await startServer(graphql, settings);
  return {
    origin: server.origin,
    async stop(timeoutMs) {
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
