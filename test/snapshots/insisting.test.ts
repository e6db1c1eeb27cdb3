// A caller that sends `maxAgeSeconds: 0` without end, over real HTTP: the rest of the quota is left for all other reads.

import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway } from '../harness.ts';

const READ = `query ($id: ID!, $maxAge: Int) {
  reviewInvitation(invitationId: $id, maxAgeSeconds: $maxAge) { deliveryStatus isStale }
}`;

test('a caller that insists on the newest gets its burst of the quota, then what is known; other invitations are read again all the same', async () => {
  const gateway = await startTestGateway({
    environment: { PARTOO_QUOTA: '10/60s', FRESH_SECONDS: '0' },
  });
  onTestFinished(() => gateway.stop());
  const ask = async (id: string, maxAge?: number) => {
    const { data, errors } = await gateway.query(READ, { id, maxAge });
    expect(errors).toBeUndefined();
    return `${data.reviewInvitation.deliveryStatus}${data.reviewInvitation.isStale ? ' stale' : ''}`;
  };
  expect(await ask('review-sent')).toBe('SENT');
  expect(await ask('review-created')).toBe('CREATED');
  gateway.takeCalls();

  const answers: string[] = [];
  for (let n = 0; n < 15; n++) answers.push(await ask('review-sent', 0));
  // With the two calls before it, a burst of two fifths of the window, and the first one that is spread evenly.
  expect(answers).toEqual([...Array(3).fill('SENT'), ...Array(12).fill('SENT stale')]);

  // Stale answers are refreshed in the background, those of other invitations too.
  gateway.sandbox.partoo.put({ invitation_id: 'review-created', status: 'SENT' });
  await vi.waitUntil(async () => (await ask('review-created')) === 'SENT', { interval: 100 });
  expect(gateway.takeCalls().partoo.length).toBeLessThanOrEqual(9);
});

test('a whole page may be asked for anew: a caller that insists waits for a short window as others do', async () => {
  const gateway = await startTestGateway({ environment: { PARTOO_QUOTA: '15/1s,100/60s' } });
  onTestFinished(() => gateway.stop());
  const refs = Array.from({ length: 20 }, (_, n) => ({ reviewInvitation: { invitationId: `page-${n}` } }));
  const put = (status: string) =>
    refs.forEach(({ reviewInvitation: { invitationId } }) => {
      gateway.sandbox.partoo.put({ invitation_id: invitationId, status });
    });
  const page = async () => {
    const { data } = await gateway.query(
      'query ($refs: [InvitationRef!]!) { invitations(refs: $refs, maxAgeSeconds: 0) { status isStale } }',
      { refs },
    );
    return data.invitations;
  };
  put('SENT');
  expect(await page()).toEqual(refs.map(() => ({ status: 'PENDING', isStale: false })));
  put('DELIVERED');
  expect(await page()).toEqual(refs.map(() => ({ status: 'DELIVERED', isStale: false })));
});
