// The providers that invitations are sent through, a line each. The schema's enum and the messages of problems follow
// from it.

export const PROVIDERS = {
  CRONOFY: { title: 'Cronofy', sends: 'calendar invitations by e-mail (Smart Invites)' },
  PARTOO: { title: 'Partoo', sends: 'review invitations by SMS' },
} as const satisfies Record<string, { readonly title: string; readonly sends: string }>;

export type ProviderName = keyof typeof PROVIDERS;
