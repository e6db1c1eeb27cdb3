// What was last seen, in memory: so many entries and bytes at most, the least recently used go first.

import { LRUCache } from 'lru-cache';
import type { EventTime, SmartInvite, SmartInviteReply, Snapshot } from '../invitation/invitation.ts';

export interface Entry {
  /** Null where the provider knew no such invitation. */
  readonly snapshot: Snapshot | null;
  /** When it was seen, on the clock that never goes back. */
  readonly seenAt: number;
  /** For how long it is fresh where the caller does not say, in milliseconds. */
  readonly freshMs: number;
  /** It could not be read when it should have been, and was shown as stale: what is here is older than was wanted. */
  hasFailed: boolean;
  /** When that was heard of which was laid over it, on the same clock. */
  readonly overlaidAt?: number;
}

export interface StoreLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export type Store = Pick<LRUCache<string, Entry>, 'get' | 'set' | 'delete' | 'calculatedSize'>;

export function createStore({ maxEntries, maxBytes }: StoreLimits): Store {
  return new LRUCache<string, Entry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ snapshot }, key) => ENTRY_BYTES + textBytes(key) + (snapshot === null ? 0 : bytesOf(snapshot)),
  });
}

// What each thing takes on V8's heap, without its own texts but with that of `observedAt`. Measured with Node 26 on 64
// bits: the heap after a collection, with thousands of decoded answers in the store, less the heap without them. They come
// within a tenth of it; test/snapshots/weight.test.ts measures again. The fixed arrays of the cache are not in it: 32 bytes
// for each of maxEntries.
const ENTRY_BYTES = 120;
const REVIEW_INVITATION_BYTES = 275;
const SMART_INVITE_BYTES = 595;
const REPLY_BYTES = 72;
const PROPOSAL_BYTES = 136;

function bytesOf(snapshot: Snapshot): number {
  return snapshot.type === 'SmartInvite'
    ? bytesOfSmartInvite(snapshot)
    : REVIEW_INVITATION_BYTES +
        textBytes(snapshot.id) +
        textBytes(snapshot.invitationId) +
        textBytes(snapshot.rawStatus);
}

function bytesOfSmartInvite(invite: Snapshot<SmartInvite>): number {
  const { id, smartInviteId, recipients, replies, event, callbackUrl, attachments } = invite;
  let bytes = SMART_INVITE_BYTES + textBytes(id) + textBytes(smartInviteId) + textBytes(callbackUrl);
  bytes += textBytes(attachments?.icalendar);
  bytes += textBytes(event.summary) + textBytes(event.description) + textBytes(event.location?.description);
  bytes += bytesOfTime(event.start) + bytesOfTime(event.end);
  for (const reply of recipients) bytes += bytesOfReply(reply);
  for (const reply of replies) bytes += bytesOfReply(reply);
  return bytes;
}

function bytesOfReply({ email, rawStatus, comment, proposal }: SmartInviteReply): number {
  const bytes = REPLY_BYTES + textBytes(email) + textBytes(rawStatus) + textBytes(comment);
  return proposal === null ? bytes : bytes + PROPOSAL_BYTES + bytesOfTime(proposal.start) + bytesOfTime(proposal.end);
}

function bytesOfTime({ dateTime, date, timeZone }: EventTime): number {
  return textBytes(dateTime) + textBytes(date) + textBytes(timeZone);
}

const BEYOND_LATIN1 = /[\u0100-\uffff]/;

// V8 keeps a text of latin1 in one byte a character, any other in two, behind 16 bytes of its own, and rounds up to 8.
// Texts in JSON of up to ten characters are kept once for all.
function textBytes(text: string | null | undefined): number {
  if (text === null || text === undefined || text.length <= 10) return 0;
  return 20 + text.length * (BEYOND_LATIN1.test(text) ? 2 : 1);
}
