// The origins that one account is asked at. Each fails by itself: it has a breaker, a line of calls, connections and
// troubles of its own. They share the account's quota, which is not kept here.

import type { ProviderName } from '../invitation/provider.ts';
import type { Circuit } from './breaker.ts';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import type { Transport } from './transport.ts';
import { type Trouble, type TroubleListener, Troubles } from './troubles.ts';

export interface Origin {
  readonly policy: Policy;
  readonly transport: Transport;
  /** When it was last asked. */
  usedAt: number;
}

export interface Origins {
  /** The origin, which is known from its first call on. */
  at(origin: string): Origin;
  /** Whether calls are made: the worst of the origins in use. */
  circuit(): Circuit;
  close(): void;
}

/** Told what becomes of an origin; `origin` is scheme, host and port. */
export interface OriginListener {
  circuitChanged(origin: string, circuit: Circuit): void;
  troubleBegan(origin: string, trouble: Trouble): void;
  troubleEnded(origin: string, trouble: Trouble): void;
}

export type MakeTransport = (origin: string, troubles: Troubles) => Transport;

/**
 * An origin is in use for so long after it was asked, in milliseconds, counted to the last call to any of them: one that
 * failed and is asked no more says nothing of what callers meet.
 */
const IN_USE_MS = 60_000;

const BY_SEVERITY: readonly Circuit[] = ['CLOSED', 'HALF_OPEN', 'OPEN'];

export function createOrigins(
  provider: ProviderName,
  makeTransport: MakeTransport,
  options: PolicyOptions,
  listener: OriginListener,
): Origins {
  const origins = new Map<string, Origin>();
  const list: Origin[] = [];

  function create(origin: string): Origin {
    const troubleListener: TroubleListener = {
      began: (trouble) => listener.troubleBegan(origin, trouble),
      ended: (trouble) => listener.troubleEnded(origin, trouble),
    };
    const transport = makeTransport(origin, new Troubles(troubleListener));
    const policy = createPolicy(provider, options);
    policy.onCircuit(() => {
      const circuit = policy.circuit();
      // Its name may lead to another address by now: the next probe is to look.
      if (circuit === 'OPEN') transport.renew();
      listener.circuitChanged(origin, circuit);
    });
    const created = { policy, transport, usedAt: Number.NEGATIVE_INFINITY };
    origins.set(origin, created);
    list.push(created);
    return created;
  }

  return {
    at: (origin) => origins.get(origin) ?? create(origin),
    circuit() {
      const lastAt = Math.max(...list.map(({ usedAt }) => usedAt));
      const inUse = list.filter(({ usedAt }) => usedAt >= lastAt - IN_USE_MS);
      const severities = inUse.map(({ policy }) => BY_SEVERITY.indexOf(policy.circuit()));
      return BY_SEVERITY[Math.max(0, ...severities)] ?? 'CLOSED';
    },
    close() {
      for (const { transport } of list) transport.close();
    },
  };
}
