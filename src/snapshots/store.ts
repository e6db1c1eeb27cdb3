// What was last seen, in memory: so many entries and bytes at most, the least recently used go first.

import { LRUCache } from 'lru-cache';
import type { Invitation, SmartInviteReply, Snapshot } from '../invitation/invitation.ts';

export interface Entry {
  /** Null where the provider knew no such invitation. */
  readonly snapshot: Snapshot | null;
  /** When it was seen, on the clock that never goes back. */
  readonly seenAt: number;
  /** It could not be read when it should have been, and was shown as stale: what is here is older than was wanted. */
  hasFailed: boolean;
  /** When that was heard of which was laid over it, on the same clock. */
  readonly overlaidAt?: number;
}

export interface StoreLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export type Store = Pick<LRUCache<string, Entry>, 'get' | 'set' | 'delete'>;

export function createStore({ maxEntries, maxBytes }: StoreLimits): Store {
  return new LRUCache<string, Entry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ snapshot }, key) => 2 * key.length + (snapshot === null ? 200 : bytesOf(snapshot)),
  });
}

// What an invitation holds on to: two bytes a character of the texts that may be long, and a kilobyte or so of structure.
// Writing it out to count would cost more than storing it.
function bytesOf(invitation: Invitation): number {
  if (invitation.type === 'ReviewInvitation') {
    return 1_000 + 2 * (invitation.invitationId.length + lengthOf(invitation.rawStatus));
  }
  const { smartInviteId, recipients, replies, event, callbackUrl, attachments } = invitation;
  let characters = smartInviteId.length + lengthOf(callbackUrl) + lengthOf(attachments?.icalendar);
  characters += lengthOf(event.description) + lengthOf(event.summary) + lengthOf(event.location?.description);
  for (const reply of recipients) characters += charactersOf(reply);
  for (const reply of replies) characters += charactersOf(reply);
  return 2_000 + 2 * characters;
}

function charactersOf({ email, rawStatus, comment }: SmartInviteReply): number {
  return 200 + email.length + lengthOf(rawStatus) + lengthOf(comment);
}

function lengthOf(text: string | null | undefined): number {
  return text?.length ?? 0;
}
