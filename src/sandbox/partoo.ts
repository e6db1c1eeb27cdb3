// Partoo imitated: reading and sending review invitations, as its API reference describes them (v2, November 2026).
// Control: `POST /_control/move {"invitation_id", "status"}` takes an SMS on its way.

import { randomUUID } from 'node:crypto';
import type { InvitationStatusWire } from '../providers/partoo/wire.ts';
import {
  type Behaviour,
  type ImitationOptions,
  type ListedImitation,
  type Reply,
  startImitation,
} from './imitation.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { type PartooSeed, seededReviewInvitations } from './partoo-scenario.ts';

export const PARTOO_API_KEY = 'sandbox-partoo-key';

export interface PartooImitation extends ListedImitation {
  /** Adds an invitation, or takes one on its way. */
  put(invitation: InvitationStatusWire & { invitation_id: string }): void;
}

/** 300 calls a minute for the whole organization. */
const QUOTA = [{ limit: 300, windowMs: 60_000 }];

/** How it is made to answer, to see how the gateway goes on. */
const SLOW: Misbehaviour = { delayMs: 1_500 };

const NOT_FOUND: Reply = { status: 404, body: { errors: { json: 'Resource not found' } } };

/** @param seeds Default: the scenario's. */
export async function startPartoo(
  options: ImitationOptions = {},
  seeds: readonly PartooSeed[] = seededReviewInvitations,
): Promise<PartooImitation> {
  /** When each was first read. */
  const readAt = new Map<string, number>();
  const invitations = new Map<string, InvitationStatusWire>();
  const moving = new Map(seeds.map((seed) => [seed.invitation_id, seed]));

  function stateOf(id: string): InvitationStatusWire | undefined {
    const seed = moving.get(id);
    if (seed === undefined) return invitations.get(id);
    const begunAt = readAt.get(id) ?? Date.now();
    readAt.set(id, begunAt);
    const step = seed.way.findLast(({ afterMs }) => Date.now() - begunAt >= afterMs);
    return step === undefined ? undefined : step.answer;
  }

  function put(invitation: InvitationStatusWire & { invitation_id: string }): void {
    moving.delete(invitation.invitation_id);
    invitations.set(invitation.invitation_id, invitation);
  }

  const behaviour: Behaviour = {
    quota: QUOTA,
    notFound: NOT_FOUND,
    overQuota: {
      status: 429,
      headers: { 'retry-after': '60' },
      body: { error: { code: 429, message: 'Too many requests' } },
    },
    authorize: (headers) =>
      headers['x-apikey'] === PARTOO_API_KEY
        ? undefined
        : { status: 401, body: { error: { code: 401, message: 'Invalid API key' } } },
    routes: {
      'GET /v2/review_booster/invitation_status': ({ query }) => {
        const id = query.get('invitation_id');
        if (id === null || id === '') return invalid({ invitation_id: ['Missing data for required field.'] });
        const answer = stateOf(id);
        return answer === undefined ? NOT_FOUND : { status: 200, body: answer };
      },
      'POST /v2/review_booster/send_invitation': ({ json }) => {
        const { business_id, target_phone } = fieldsOf(json);
        if (typeof business_id !== 'string') return invalid({ business_id: ['Missing data for required field.'] });
        if (typeof target_phone !== 'string') return invalid({ target_phone: ['Missing data for required field.'] });
        const invitation_id = randomUUID();
        put({ invitation_id, status: 'CREATED' });
        return { status: 200, body: { invitation_id, status: 'success' } };
      },
    },
    control: {
      'POST /_control/move': ({ json }) => {
        const { invitation_id, status } = fieldsOf(json);
        if (typeof invitation_id !== 'string' || typeof status !== 'string') return { status: 400 };
        if (stateOf(invitation_id) === undefined) return NOT_FOUND;
        put({ invitation_id, status });
        return { status: 204 };
      },
    },
  };

  const imitation = await startImitation(behaviour, options);
  return {
    ...imitation,
    variables: { PARTOO_API_KEY, PARTOO_BASE_URL: `${imitation.origin}/v2` },
    examples: {
      page: ['d3d8c966-0356-4ec0-baae-13ec3622ebc2', 'review-moving-1', 'no-such-invitation'].map(named),
      live: ['review-moving-4', 'review-moving-8'].map(named),
      one: { reviewInvitation: { invitationId: 'review-moving-2' } },
      id: 'WyJSZXZpZXdJbnZpdGF0aW9uIiwiZDNkOGM5NjYtMDM1Ni00ZWMwLWJhYWUtMTNlYzM2MjJlYmMyIl0',
    },
    hints: [
      `Make Partoo slow: curl ${imitation.origin}/_control/misbehave -d '${JSON.stringify(SLOW)}' (and -X DELETE ends it)`,
    ],
    readExample: `curl -H 'x-APIKey: ${PARTOO_API_KEY}' '${imitation.origin}/v2/review_booster/invitation_status?invitation_id=review-moving-1'`,
    put,
  };
}

function named(invitationId: string): object {
  return { reviewInvitation: { invitationId } };
}

function invalid(json: Record<string, string[]>): Reply {
  return { status: 400, body: { errors: { json } } };
}

function fieldsOf(json: unknown): Record<string, unknown> {
  return typeof json === 'object' && json !== null ? { ...json } : {};
}
