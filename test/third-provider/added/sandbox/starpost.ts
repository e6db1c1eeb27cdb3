// Starpost imitated.

import type { EmailInvitationWire } from '../providers/starpost/wire.ts';
import { type ImitationOptions, type ListedImitation, startImitation } from './imitation.ts';

export const STARPOST_API_KEY = 'sandbox-starpost-key';

const STATUSES = ['queued', 'sent', 'opened', 'clicked', 'reviewed', 'bounced'];

const seeds = new Map(STATUSES.map((status): [string, EmailInvitationWire] => [`mail-${status}`, { status }]));

export async function startStarpost(options: ImitationOptions = {}): Promise<ListedImitation> {
  const imitation = await startImitation(
    {
      quota: [{ limit: 100, windowMs: 60_000 }],
      notFound: { status: 404 },
      overQuota: { status: 429 },
      authorize: (headers) => (headers['x-api-key'] === STARPOST_API_KEY ? undefined : { status: 401 }),
      routes: {
        'GET /v1/private/business-units/{unit}/email-invitations/{id}': ({ params: { id = '' } }) => {
          const seed = seeds.get(id);
          return seed === undefined ? { status: 404 } : { status: 200, body: { id, ...seed } };
        },
      },
      control: {},
    },
    options,
  );
  const named = (invitationId: string) => ({ emailInvitation: { invitationId } });
  return {
    ...imitation,
    variables: { STARPOST_API_KEY, STARPOST_BASE_URL: imitation.origin },
    examples: {
      page: [named('mail-opened')],
      live: [named('mail-sent')],
      one: { emailInvitation: { invitationId: 'mail-clicked' } },
    },
    hints: [],
    readExample: `curl -H 'x-api-key: ${STARPOST_API_KEY}' ${imitation.origin}/v1/private/business-units/main/email-invitations/mail-sent`,
  };
}
