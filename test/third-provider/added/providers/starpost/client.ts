// Starpost: its settings, its host, its one call.

import { z } from 'zod';
import type { RefTo } from '../../invitation/ref.ts';
import { quotaSetting } from '../../upstream/quota-setting.ts';
import { FIXED_HEADERS } from '../../upstream/request.ts';
import type { Secret } from '../../upstream/secret.ts';
import type { Upstream } from '../../upstream/upstream.ts';
import { accountId } from '../account-name.ts';
import { baseUrl } from '../base-url.ts';
import { credential } from '../credential.ts';
import { type Account, MAX_BODY_BYTES, type Provider, type Reader } from '../provider.ts';
import { decodeEmailInvitation } from './wire.ts';

const account = z
  .object({
    STARPOST_API_KEY: credential.optional(),
    STARPOST_BUSINESS_UNIT: z.string().default('main'),
    STARPOST_BASE_URL: baseUrl('').optional(),
    STARPOST_QUOTA: quotaSetting([{ limit: 90, windowMs: 60_000 }]),
  })
  .transform((set): Account | null => {
    if (set.STARPOST_API_KEY === undefined) return null;
    const { origin } = set.STARPOST_BASE_URL ?? { origin: 'https://api.starpost.example' };
    const apiKey = set.STARPOST_API_KEY;
    return {
      id: accountId('STARPOST', undefined, apiKey, origin),
      provider: 'STARPOST',
      reads: 'EmailInvitation',
      defaults: { businessUnitId: set.STARPOST_BUSINESS_UNIT },
      quota: set.STARPOST_QUOTA,
      open: (call) => createReader(origin, apiKey, call),
    };
  });

export const starpost: Provider = { name: 'STARPOST', account };

function createReader(origin: string, apiKey: Secret, call: Upstream['call']): Reader {
  const headers = [...FIXED_HEADERS, 'x-api-key', apiKey.reveal()];
  return {
    originOf: () => origin,
    read(ref: RefTo<'EmailInvitation'>, { cancellation, payment }) {
      const { businessUnitId, invitationId } = ref.parts;
      const unit = `/v1/private/business-units/${encodeURIComponent(businessUnitId)}`;
      return call(
        {
          provider: 'STARPOST',
          origin,
          path: `${unit}/email-invitations/${encodeURIComponent(invitationId)}`,
          template: '/v1/private/business-units/{businessUnitId}/email-invitations/{invitationId}',
          query: {},
          headers,
          maxBytes: MAX_BODY_BYTES,
          decode: (json) => decodeEmailInvitation(json, ref),
        },
        cancellation,
        payment,
      );
    },
  };
}
