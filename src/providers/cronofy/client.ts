// Cronofy: its settings, its six hosts, its one call. Source: Cronofy's public documentation of "Invite Status"
// (beta, November 2026); what is known beyond it is in this folder's README.

import { z } from 'zod';
import { ProviderNotConfigured } from '../../invitation/problem.ts';
import type { RefTo } from '../../invitation/ref.ts';
import { type CronofyDataCenter, DATA_CENTERS } from '../../invitation/smart-invite.ts';
import { quotaSetting } from '../../upstream/quota-setting.ts';
import { FIXED_HEADERS } from '../../upstream/request.ts';
import type { Secret } from '../../upstream/secret.ts';
import type { Upstream } from '../../upstream/upstream.ts';
import { accountId, accountName } from '../account-name.ts';
import { baseUrl } from '../base-url.ts';
import { credentials } from '../credential.ts';
import { type Account, MAX_BODY_BYTES, type MisfitListener, type Provider, type Reader } from '../provider.ts';
import { decodeNotification, isSigned, SIGNATURE_HEADER } from './notification.ts';
import { decodeSmartInvite } from './wire.ts';

// Spelled out, never built from text.
const ORIGINS: Record<CronofyDataCenter, string> = {
  AU: 'https://api-au.cronofy.com',
  CA: 'https://api-ca.cronofy.com',
  DE: 'https://api-de.cronofy.com',
  SG: 'https://api-sg.cronofy.com',
  UK: 'https://api-uk.cronofy.com',
  US: 'https://api.cronofy.com',
};

const PATH = '/v1/smart_invites';

/** The same for an answer with its ICS, which may hold a long description. */
const MAX_BODY_BYTES_WITH_ICALENDAR = 1024 * 1024;

const dataCenter = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(DATA_CENTERS, { error: `must be one of ${DATA_CENTERS.join(', ').toLowerCase()}` }))
  .prefault('us');

const account = z
  .object({
    // While a secret is rotated there are several; the first is the one that signs in.
    CRONOFY_CLIENT_SECRET: credentials.optional(),
    CRONOFY_DATA_CENTER: dataCenter,
    CRONOFY_BASE_URL: baseUrl('').optional(),
    CRONOFY_ACCOUNT: accountName.optional(),
    // A tenth under the 50 a second and 500 a minute that Cronofy allows an application.
    CRONOFY_QUOTA: quotaSetting([
      { limit: 45, windowMs: 1_000 },
      { limit: 450, windowMs: 60_000 },
    ]),
  })
  .transform((set): Account | null => {
    const secrets = set.CRONOFY_CLIENT_SECRET ?? [];
    const [secret] = secrets;
    if (secret === undefined) return null;
    // A base URL stands for the configured data center alone: an answer of it must not pass for another one's.
    const origins: Partial<Record<CronofyDataCenter, string>> =
      set.CRONOFY_BASE_URL === undefined ? ORIGINS : { [set.CRONOFY_DATA_CENTER]: set.CRONOFY_BASE_URL.origin };
    return {
      id: accountId('CRONOFY', set.CRONOFY_ACCOUNT, secret, origins[set.CRONOFY_DATA_CENTER] ?? ''),
      provider: 'CRONOFY',
      reads: 'SmartInvite',
      defaults: { dataCenter: set.CRONOFY_DATA_CENTER },
      quota: set.CRONOFY_QUOTA,
      places: new Map(Object.entries(origins).map(([place, origin]) => [origin, place])),
      open: (call, onMisfits) => createCronofyReader(origins, secret, call, onMisfits),
      notifications: {
        isGenuine: (body, headers) => isSigned(body, headers[SIGNATURE_HEADER], secrets),
        read: (body) => decodeNotification(body, set.CRONOFY_DATA_CENTER),
      },
    };
  });

export const cronofy: Provider = { name: 'CRONOFY', account };

function createCronofyReader(
  origins: Partial<Record<CronofyDataCenter, string>>,
  secret: Secret,
  call: Upstream['call'],
  onMisfits?: MisfitListener,
): Reader {
  const headers = [...FIXED_HEADERS, 'authorization', `Bearer ${secret.reveal()}`];
  const originOf = ({ parts }: RefTo<'SmartInvite'>) => origins[parts.dataCenter];
  return {
    originOf,
    read(ref: RefTo<'SmartInvite'>, { withExtras, cancellation, payment }) {
      const origin = originOf(ref);
      if (origin === undefined) {
        return Promise.reject(new ProviderNotConfigured('CRONOFY', 'is not configured for this data center'));
      }
      return call(
        {
          provider: 'CRONOFY',
          origin,
          path: PATH,
          template: PATH,
          query: queryOf(ref, withExtras),
          headers,
          maxBytes: withExtras ? MAX_BODY_BYTES_WITH_ICALENDAR : MAX_BODY_BYTES,
          decode: (json) => decodeSmartInvite(json, ref, onMisfits),
        },
        cancellation,
        payment,
      );
    },
  };
}

function queryOf({ parts }: RefTo<'SmartInvite'>, withIcalendar: boolean): Record<string, string> {
  const { smartInviteId, recipientEmail } = parts;
  const query: Record<string, string> = { smart_invite_id: smartInviteId };
  if (recipientEmail !== null) query.recipient_email = recipientEmail;
  if (withIcalendar) query.include_ics = 'true';
  return query;
}
