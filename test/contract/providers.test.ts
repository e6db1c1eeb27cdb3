// The contract suite, run for every provider: one entry each.

import { describe, expect, test } from 'vitest';
import { providers } from '../../src/providers/index.ts';
import { CRONOFY_CLIENT_SECRET } from '../../src/sandbox/cronofy.ts';
import { PARTOO_API_KEY } from '../../src/sandbox/partoo.ts';
import { describeProvider, type ProviderContract } from './provider.contract.ts';

const contracts: readonly ProviderContract[] = [
  {
    name: 'PARTOO',
    imitationIn: (sandbox) => sandbox.partoo,
    credential: ['x-apikey', PARTOO_API_KEY],
    seeded: {
      id: 'd3d8c966-0356-4ec0-baae-13ec3622ebc2',
      selection: 'provider isStale status ... on ReviewInvitation { invitationId deliveryStatus rawStatus }',
      answer: {
        __typename: 'ReviewInvitation',
        status: 'DELIVERED',
        invitationId: 'd3d8c966-0356-4ec0-baae-13ec3622ebc2',
        deliveryStatus: 'DELIVERED',
        rawStatus: 'DELIVERED',
      },
    },
    refOf: (text) => ({ reviewInvitation: { invitationId: text } }),
    targetOf: (encoded) => `/v2/review_booster/invitation_status?invitation_id=${encoded}`,
    others: [],
  },
  {
    name: 'CRONOFY',
    imitationIn: (sandbox) => sandbox.cronofy,
    credential: ['authorization', `Bearer ${CRONOFY_CLIENT_SECRET}`],
    seeded: {
      id: 'board-meeting',
      selection:
        'provider isStale status ... on SmartInvite { smartInviteId recipient { email rawStatus } event { start { dateTime } } }',
      answer: {
        __typename: 'SmartInvite',
        status: 'DECLINED',
        smartInviteId: 'board-meeting',
        recipient: { email: 'cronofy@example.com', rawStatus: 'declined' },
        event: { start: { dateTime: '2026-05-04T09:30:00Z' } },
      },
    },
    refOf: (text) => ({ smartInvite: { smartInviteId: text } }),
    targetOf: (encoded) => `/v1/smart_invites?smart_invite_id=${encoded}`,
    others: [
      {
        what: 'for one recipient',
        ref: { smartInvite: { smartInviteId: 'a&b', recipientEmail: 'a+b@x.org&include_ics=true' } },
        target: '/v1/smart_invites?smart_invite_id=a%26b&recipient_email=a%2Bb%40x.org%26include_ics%3Dtrue',
      },
      {
        what: 'for an attachment',
        ref: { smartInvite: { smartInviteId: 'board-meeting' } },
        selection: '... on SmartInvite { attachments { icalendar } }',
        target: '/v1/smart_invites?smart_invite_id=board-meeting&include_ics=true',
      },
    ],
  },
];

describe('every provider', () => {
  test.each(providers)('has one entry in the suite: $name', ({ name }) => {
    expect(contracts.filter((contract) => contract.name === name)).toHaveLength(1);
  });
});

for (const contract of contracts) describeProvider(contract);
