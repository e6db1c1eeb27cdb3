// What callers may know of the providers behind the gateway.

import { builder, type ProviderStatus as Domain } from './builder.ts';
import { Provider } from './invitation.ts';

const ProviderStatus = builder.objectRef<Domain>('ProviderStatus').implement({
  description: 'How the gateway stands with one provider.',
  fields: (t) => ({
    provider: t.expose('provider', { type: Provider, description: 'Which one.' }),
    isConfigured: t.exposeBoolean('isConfigured', {
      description:
        'Whether this gateway holds credentials for it. If not, its invitations fail with PROVIDER_NOT_CONFIGURED.',
    }),
  }),
});

builder.queryField('providers', (t) =>
  t.field({
    type: [ProviderStatus],
    description: 'Every provider the gateway knows, configured or not.',
    resolve: (_, __, { providers }) => providers,
  }),
);
