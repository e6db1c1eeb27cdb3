// Cronofy's notifications: whether one is genuine, and what it says. Signed is the body, to the byte, and nothing else:
// no time, no id. Source: Cronofy's public documentation of "Invite Callback" and of its HMAC header (November 2026).

import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { idPart } from '../../invitation/key-part.ts';
import { refTo } from '../../invitation/ref.ts';
import {
  type CronofyDataCenter,
  foldAddress,
  type SmartInvite,
  type SmartInviteReply,
} from '../../invitation/smart-invite.ts';
import { parseJson } from '../../upstream/json.ts';
import type { Secret } from '../../upstream/secret.ts';
import type { Notification } from '../provider.ts';
import { decodeReply, MendedReplyWire } from './wire-reply.ts';

export const SIGNATURE_HEADER = 'cronofy-hmac-sha256';

/** Most digests that a header may list: Cronofy sends one a secret, and two while a secret is rotated. */
const MAX_DIGESTS = 10;
const DIGEST_BYTES = 32;

/** Whether any digest in the header is that of the body with any of the secrets; in constant time. */
export function isSigned(body: Buffer, header: string | string[] | undefined, secrets: readonly Secret[]): boolean {
  if (typeof header !== 'string') return false;
  const digests = header.split(',');
  if (digests.length > MAX_DIGESTS) return false;
  let isMatch = false;
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret.reveal()).update(body).digest();
    for (const text of digests) {
      const digest = Buffer.from(text.trim(), 'base64');
      if (digest.length === DIGEST_BYTES && text.trim().length === 44 && timingSafeEqual(digest, expected))
        isMatch = true;
    }
  }
  return isMatch;
}

const NotificationWire = z.object({
  notification: z.object({ type: z.literal('smart_invite') }),
  smart_invite: z.object({
    // It is asked for, as an id that a caller gives.
    smart_invite_id: z.string().refine(idPart.isValue),
    recipient: MendedReplyWire.nullish(),
    reply: MendedReplyWire.nullish(),
  }),
});

/** Null for text that is not JSON or not about a Smart Invite, and where no caller could send its id or an address in it. */
export function decodeNotification(body: Buffer, dataCenter: CronofyDataCenter): Notification | null {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    return null;
  }
  const wire = NotificationWire.safeParse(json);
  if (!wire.success) return null;
  const { smart_invite_id: smartInviteId, recipient, reply } = wire.data.smart_invite;
  const said = [recipient, reply].flatMap((one) => (one ? [decodeReply(one)] : []));
  return {
    ref: refTo('SmartInvite', { dataCenter, smartInviteId, recipientEmail: recipient?.email ?? null }),
    overlay: (invitation) => (invitation.type === 'SmartInvite' ? said.reduce(withReply, invitation) : invitation),
  };
}

function withReply(invite: SmartInvite, said: SmartInviteReply): SmartInvite {
  const isAbout = (one: SmartInviteReply) => foldAddress(one.email) === foldAddress(said.email);
  const update = (one: SmartInviteReply) => (isAbout(one) ? said : one);
  const hasReplied = said.status !== 'PENDING';
  return {
    ...invite,
    recipient: invite.recipient && update(invite.recipient),
    recipients: invite.recipients.map(update),
    replies: invite.replies.some(isAbout) || !hasReplied ? invite.replies.map(update) : [...invite.replies, said],
  };
}
