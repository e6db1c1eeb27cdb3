// What the gateway is compared with: the same schema and the same loaders an operation, and nothing between them and
// the providers.

import { OPEN } from '../../src/access/admission.ts';
import type { InvitationType } from '../../src/invitation/kinds.ts';
import { snapshotOf } from '../../src/invitation/snapshot.ts';
import { createInvitationLoader } from '../../src/loaders/invitation-loader.ts';
import type { Reader } from '../../src/providers/provider.ts';
import type { Context } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/index.ts';
import { takesAnyHost } from '../../src/server/foreign-host.ts';
import { createGraphQLService } from '../../src/server/graphql.ts';
import { startServer } from '../../src/server/server.ts';
import { readSettings } from '../../src/settings.ts';
import type { Snapshots } from '../../src/snapshots/snapshots.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { readAnswer } from '../../src/upstream/answer.ts';
import { PREPAID } from '../../src/upstream/payment.ts';
import { createTransport, type Transport } from '../../src/upstream/transport.ts';
import { Troubles } from '../../src/upstream/troubles.ts';
import { boundless } from '../rates.ts';
import { attempted } from '../upstream/attempted.ts';

const settings = readSettings(process.env);
const limits = { maxInFlight: 32, connectTimeoutMs: 1_000, headersTimeoutMs: 3_000, attemptTimeoutMs: 4_000 };
const troubles = new Troubles({ began: () => {}, ended: () => {} });
const transports = new Map<string, Transport>();
const transportTo = (origin: string) => {
  const transport = transports.get(origin) ?? createTransport(origin, troubles, limits);
  transports.set(origin, transport);
  return transport;
};
const readers = new Map<InvitationType, Reader>(
  settings.accounts.map((account) => [
    account.reads,
    account.open((request, caller) =>
      attempted((call) => transportTo(request.origin).get({ request, read: readAnswer, call }), caller),
    ),
  ]),
);

const snapshots: Pick<Snapshots, 'answer' | 'read'> = {
  answer: () => undefined,
  async read(ref, { withExtras, caller }) {
    const reader = readers.get(ref.type);
    if (reader === undefined) throw new Error(`nobody reads a ${ref.type}`);
    const invitation = await reader.read(ref, {
      withExtras,
      cancellation: caller,
      payment: PREPAID,
    });
    return invitation && snapshotOf(invitation, new Date());
  },
};

const log = createLog('silent');
const graphql = createGraphQLService({
  schema,
  createContext(caller): Context {
    const createLoaders = () => ({ invitation: createInvitationLoader(snapshots, caller, boundless()) });
    return {
      loaders: createLoaders(),
      createLoaders,
      ageMs: () => undefined,
      streams: {
        open() {
          throw new Error('nothing is watched here');
        },
      },
      viewer: caller.viewer,
      providers: () => [],
      defaultsOf: (type) => settings.accounts.find(({ reads }) => reads === type)?.defaults,
    };
  },
  trustedDocuments: undefined,
  introspection: true,
  operationRate: boundless(),
  tabs: undefined,
  log,
  listener: {},
});
const webhooks = (_: unknown, response: { destroy(): void }) => void response.destroy();
const routes = {
  graphql,
  admission: OPEN,
  isOwnHost: takesAnyHost,
  webhooks,
  isConfigured: true,
  degraded: () => [],
  tabs: undefined,
};
await startServer(routes, settings, log);
