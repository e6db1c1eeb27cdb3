// Partoo: its settings, its hosts, its one call. Source: the OpenAPI document of "The status of a review invitation"
// (Partoo Rest API v2, November 2026); what is known beyond it is in this folder's README.

import { z } from 'zod';
import type { RefTo } from '../../invitation/ref.ts';
import { quotaSetting } from '../../upstream/quota-setting.ts';
import { FIXED_HEADERS } from '../../upstream/request.ts';
import type { Secret } from '../../upstream/secret.ts';
import type { Upstream } from '../../upstream/upstream.ts';
import { accountId, accountName } from '../account-name.ts';
import { baseUrl } from '../base-url.ts';
import { credential } from '../credential.ts';
import { type Account, MAX_BODY_BYTES, type Provider, type Reader } from '../provider.ts';
import { decodeReviewInvitation } from './wire.ts';

const HOSTS = {
  production: { origin: 'https://api.partoo.co', path: '/v2' },
  sandbox: { origin: 'https://api.sandbox.partoo.co', path: '/v2' },
};

const account = z
  .object({
    PARTOO_API_KEY: credential.optional(),
    PARTOO_ENVIRONMENT: z
      .enum(['production', 'sandbox'], { error: 'must be production or sandbox' })
      .default('production'),
    PARTOO_BASE_URL: baseUrl('/v2').optional(),
    PARTOO_ACCOUNT: accountName.optional(),
    // A tenth under the 300 that Partoo allows an organization: others call it too, and clocks differ.
    PARTOO_QUOTA: quotaSetting([{ limit: 270, windowMs: 60_000 }]),
  })
  .transform((set): Account | null => {
    if (set.PARTOO_API_KEY === undefined) return null;
    const base = set.PARTOO_BASE_URL ?? HOSTS[set.PARTOO_ENVIRONMENT];
    const apiKey = set.PARTOO_API_KEY;
    return {
      id: accountId('PARTOO', set.PARTOO_ACCOUNT, apiKey, base.origin),
      provider: 'PARTOO',
      reads: 'ReviewInvitation',
      quota: set.PARTOO_QUOTA,
      open: (call) => createPartooReader(base, apiKey, call),
    };
  });

export const partoo: Provider = { name: 'PARTOO', account };

function createPartooReader(base: { origin: string; path: string }, apiKey: Secret, call: Upstream['call']): Reader {
  const path = `${base.path}/review_booster/invitation_status`;
  const headers = [...FIXED_HEADERS, 'x-APIKey', apiKey.reveal()];
  return {
    originOf: () => base.origin,
    read(ref: RefTo<'ReviewInvitation'>, { cancellation, payment }) {
      return call(
        {
          provider: 'PARTOO',
          origin: base.origin,
          path,
          template: path,
          query: { invitation_id: ref.parts.invitationId },
          headers,
          maxBytes: MAX_BODY_BYTES,
          decode: (json) => decodeReviewInvitation(json, ref),
        },
        cancellation,
        payment,
      );
    },
  };
}
