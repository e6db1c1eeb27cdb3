// What callers may know of the providers behind the gateway.

import { Forbidden } from '../invitation/problem.ts';
import { builder, type ProviderStatus as Domain } from './builder.ts';
import { Provider } from './invitation.ts';

const CircuitState = builder.enumType('CircuitState', {
  description: 'Whether the gateway calls a provider at all.',
  values: {
    CLOSED: { description: 'It does: the provider answers.' },
    OPEN: {
      description:
        'It does not for now: the provider kept failing. Known answers are given, marked as stale where they are older than was wanted; what is not known fails with PROVIDER_UNAVAILABLE.',
    },
    HALF_OPEN: { description: 'It is trying one call, to see whether the provider has recovered.' },
  } as const,
});

const QuotaStatus = builder.objectRef<NonNullable<Domain['quota']>>('QuotaStatus').implement({
  description: 'How many calls to a provider are left, in the window that has least left.',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'Most calls in the window.' }),
    remaining: t.exposeInt('remaining', { description: 'Calls left in it now.' }),
    resetsAt: t.expose('resetsAt', { type: 'DateTime', description: 'When calls that were used begin to come back.' }),
  }),
});

const ProviderStatus = builder.objectRef<Domain>('ProviderStatus').implement({
  description: 'How the gateway stands with one provider.',
  fields: (t) => ({
    provider: t.expose('provider', { type: Provider, description: 'Which one.' }),
    isConfigured: t.exposeBoolean('isConfigured', {
      description:
        'Whether this gateway holds credentials for it. If not, its invitations fail with PROVIDER_NOT_CONFIGURED.',
    }),
    circuit: t.expose('circuit', {
      type: CircuitState,
      description: 'Whether it is being called; of several places where it is, the worst.',
    }),
    quota: t.expose('quota', {
      type: QuotaStatus,
      nullable: true,
      description: 'How many calls are left; null where it is not configured.',
    }),
  }),
});

builder.queryField('providers', (t) =>
  t.field({
    type: [ProviderStatus],
    description:
      'Every provider the gateway knows, configured or not. Where the gateway asks for tokens, it needs the scope `explore`.',
    resolve: (_, __, { viewer, providers }) => {
      if (viewer.mayExplore) return providers();
      throw new Forbidden('`providers` needs the scope `explore`: ask for a token that has it.');
    },
  }),
);
