// The class of a state, for what is learned about how soon states change: its kind, the provider's own word for it, whether
// what it invites to has begun, and whether the provider's notifications of it arrive.

import { type InvitationType, kindOf } from '../invitation/kinds.ts';
import type { Snapshot } from '../invitation/snapshot.ts';

/** The class of what the provider does not know. */
export function classOfNone(type: InvitationType): string {
  return `${type}, not found`;
}

/** The provider's own word for the state, or ours where it has none for the whole. */
export function wordOf({ rawStatus, status }: Snapshot): string {
  return rawStatus ?? status;
}

/** Longer than any status that is known; a provider's text is data. */
const MAX_WORD = 32;

/** Each text once, because every entry has one. */
const texts = new Map<string, string>();
const MAX_TEXTS = 1_000;

export function classOf(snapshot: Snapshot, isNotified: boolean): string {
  const word = wordOf(snapshot).slice(0, MAX_WORD);
  const hasBegun = kindOf(snapshot).beginsAt(snapshot) <= snapshot.observedAt.getTime();
  const text = `${snapshot.type} ${word}${hasBegun ? ' begun' : ''}${isNotified ? ' notified' : ''}`;
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size < MAX_TEXTS) texts.set(text, text);
  return text;
}
