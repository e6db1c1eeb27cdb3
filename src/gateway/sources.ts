// Accounts → where invitations are read: each account's way to its provider, with breakers and connections of its own.

import type { InvitationType } from '../invitation/kinds.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Account } from '../providers/provider.ts';
import type { Settings } from '../settings.ts';
import type { Source } from '../snapshots/provider-read.ts';
import type { Logger } from '../telemetry/log.ts';
import { createTally } from '../telemetry/tally.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Circuit } from '../upstream/breaker.ts';
import type { CallRecord } from '../upstream/call-record.ts';
import type { OriginListener } from '../upstream/origins.ts';
import { createTransport } from '../upstream/transport.ts';
import { createUpstream, type Upstream } from '../upstream/upstream.ts';
import type { Quotas } from './quotas.ts';

/** How long a provider is waited for, and how many calls at once each of its origins gets. */
export const LIMITS = {
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 3_000,
  attemptTimeoutMs: 4_000,
  totalTimeoutMs: 8_000,
  maxInFlight: 32,
  // With those in flight, two whole pages of one provider's invitations.
  maxWaiting: 168,
};

export interface Sources {
  readonly byType: ReadonlyMap<InvitationType, Source>;
  readonly upstreams: ReadonlyMap<ProviderName, Upstream>;
}

/** What they are opened with. */
export interface SourcesOptions {
  /** Whose they are; null where there is no file of tenants. */
  readonly tenant: string | null;
  readonly proxy: Settings['proxy'];
  readonly quotas: Quotas;
  readonly telemetry: Pick<Telemetry, 'called' | 'circuitChanged'>;
  readonly log: Logger;
}

export async function openSources(accounts: readonly Account[], options: SourcesOptions): Promise<Sources> {
  const { tenant, proxy, quotas, telemetry } = options;
  const { called, circuitChanged } = telemetry;
  const onCall = called && ((call: CallRecord) => called(call, tenant));
  const upstreams = new Map<ProviderName, Upstream>();
  const byType = new Map<InvitationType, Source>();
  for (const account of accounts) {
    const { provider } = account;
    const quota = await quotas.of(account);
    const limits = { ...LIMITS, proxy };
    const log = originLog(options.log, account, () => upstream.circuit());
    const listener: OriginListener = {
      ...log,
      circuitChanged(origin, circuit) {
        log.circuitChanged(origin, circuit);
        circuitChanged?.(tenant, provider, circuit, account.places?.get(origin));
      },
    };
    const upstream: Upstream = createUpstream(
      provider,
      (origin, troubles) => createTransport(origin, troubles, limits),
      { ...LIMITS, quota, listener, onCall },
    );
    upstreams.set(provider, upstream);
    const onMisfits = createTally((count, total) =>
      options.log.warn(
        { provider, count, total },
        'replies of another shape than the contract has were mended or left out',
      ),
    );
    byType.set(account.reads, { reader: account.open(upstream.call, onMisfits), upstream });
  }
  return { byType, upstreams };
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
