// The composition root: the one place that wires the rooms together.

import type { InvitationType } from './invitation/invitation.ts';
import { createInvitationLoader } from './loaders/invitation-loader.ts';
import { providers } from './providers/index.ts';
import type { Account, Reader, Upstream } from './providers/provider.ts';
import type { Context } from './schema/builder.ts';
import { schema } from './schema/index.ts';
import { createGraphQLHandler } from './server/graphql.ts';
import { type RunningServer, startServer } from './server/server.ts';
import type { Settings } from './settings.ts';
import { createSnapshots } from './snapshots/snapshots.ts';
import type { Logger } from './telemetry/log.ts';
import { readAnswer } from './upstream/answer.ts';
import { createPolicy } from './upstream/policy.ts';
import { createTransport, type Transport } from './upstream/request.ts';

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
  const readers = new Map<InvitationType, Reader>(
    settings.accounts.map((account) => [account.reads, account.open(upstreamOf(account, transport))]),
  );
  const snapshots = createSnapshots(readers);
  const configured = new Set(settings.accounts.map((account) => account.provider));
  const statuses = providers.map(({ name }) => ({ provider: name, isConfigured: configured.has(name) }));

  const graphql = createGraphQLHandler<Context>({
    schema,
    createContext: (caller) => ({
      loaders: { invitation: createInvitationLoader(snapshots, caller) },
      providers: statuses,
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

function upstreamOf({ provider }: Account, transport: Transport): Upstream {
  const policy = createPolicy(provider, LIMITS);
  return async (call, caller) => {
    const answer = await policy.run((cancellation) => transport.get(call, cancellation), caller);
    return readAnswer(answer, provider);
  };
}
