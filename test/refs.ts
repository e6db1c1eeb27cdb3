// Refs in one line, for tests.

import { type RefTo, refTo } from '../src/invitation/ref.ts';
import type { CronofyDataCenter } from '../src/invitation/smart-invite.ts';

export function reviewInvitationRef(invitationId: string): RefTo<'ReviewInvitation'> {
  return refTo('ReviewInvitation', { invitationId });
}

export function smartInviteRef(
  dataCenter: CronofyDataCenter,
  smartInviteId: string,
  recipientEmail: string | null,
): RefTo<'SmartInvite'> {
  return refTo('SmartInvite', { dataCenter, smartInviteId, recipientEmail });
}
