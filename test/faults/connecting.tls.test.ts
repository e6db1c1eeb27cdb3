// Connections over TLS that take their time: a call is paid for when it is made, not when it is wanted.

import { expect } from 'vitest';
import { type Faulty, test } from './faulty.ts';

/** Most requests that arrived within any stretch of so many milliseconds. */
function mostWithin(ms: number, { requests }: Faulty['cronofy']): number {
  const times = requests.map(({ atMs }) => atMs);
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

test.concurrent.for([0, 300])(
  'a connection takes %i ms longer to set up: no second has more calls than the provider allows',
  { timeout: 30_000 },
  async (setUpMs, { start }) => {
    const { cronofy, query } = await start({ CRONOFY_QUOTA: '45/1s' }, { setUpMs });
    const invites = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ smartInvite: { smartInviteId: `invite-${from + n}` } }));
    const read = (refs: object[]) =>
      query('query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
    const answers = await Promise.all([read(invites(0, 70)), read(invites(70, 60))]);
    expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined]);
    expect(cronofy.requests).toHaveLength(130);
    // Less than a second, because both sides of this test share a processor.
    expect(mostWithin(900, cronofy)).toBeLessThanOrEqual(50);
  },
);
