// What names an invitation: its natural key, and the two texts made of it (the key of caches and loaders, and the
// global id that clients hold). Anything a caller sends is checked here before it can become a ref.

import type { CronofyDataCenter, Invitation, InvitationType, ProviderName } from './invitation.ts';
import { BadUserInput } from './problem.ts';

interface Keyed {
  /**
   * One text a ref and one ref a text, whatever characters are in it: the key of caches and loaders. It is made once,
   * because a Map looks for a text that it has met before without reading it.
   */
  readonly key: string;
  /** The same for a read that brings the ICS too. Where an invitation has none, both are one. */
  readonly keyWithIcalendar: string;
}

export interface ReviewInvitationRef extends Keyed {
  readonly type: 'ReviewInvitation';
  readonly invitationId: string;
}

export interface SmartInviteRef extends Keyed {
  readonly type: 'SmartInvite';
  readonly dataCenter: CronofyDataCenter;
  readonly smartInviteId: string;
  /** Null asks for the invitation as a whole, whoever was invited. */
  readonly recipientEmail: string | null;
}

export type Ref = ReviewInvitationRef | SmartInviteRef;

/** The kind of invitation that a kind of ref names. */
export type InvitationOf<R extends Ref> = Extract<Invitation, { type: R['type'] }>;

export const PROVIDER_OF: Record<InvitationType, ProviderName> = {
  ReviewInvitation: 'PARTOO',
  SmartInvite: 'CRONOFY',
};

export const DATA_CENTERS: readonly CronofyDataCenter[] = ['AU', 'CA', 'DE', 'SG', 'UK', 'US'];

/** Longest id or address that is taken from a caller, in UTF-16 code units: far beyond any that a provider hands out. */
export const MAX_KEY_LENGTH = 512;

/** The ref of an id that comes from no caller. */
export function reviewInvitationRef(invitationId: string): ReviewInvitationRef {
  const key = `R ${invitationId}`;
  return { type: 'ReviewInvitation', key, keyWithIcalendar: key, invitationId };
}

/** The ref of an id and an address that come from no caller. */
export function smartInviteRef(
  dataCenter: CronofyDataCenter,
  smartInviteId: string,
  recipientEmail: string | null,
): SmartInviteRef {
  // The id's length says where the address begins.
  const whole = `S ${dataCenter} ${smartInviteId.length} ${smartInviteId}`;
  const key = recipientEmail === null ? whole : `${whole} ${recipientEmail}`;
  // Every key begins with a letter that says what the rest is: no text after it can make one key another.
  return { type: 'SmartInvite', key, keyWithIcalendar: `I ${key}`, dataCenter, smartInviteId, recipientEmail };
}

/** @throws BadUserInput where the id is empty, too long or has control characters. */
export function checkedReviewInvitationRef(invitationId: string): ReviewInvitationRef {
  return reviewInvitationRef(checked('invitationId', invitationId));
}

/** @throws BadUserInput where the id or the address is empty, too long or has control characters. */
export function checkedSmartInviteRef(
  dataCenter: CronofyDataCenter,
  smartInviteId: string,
  recipientEmail: string | null,
): SmartInviteRef {
  return smartInviteRef(
    dataCenter,
    checked('smartInviteId', smartInviteId),
    recipientEmail === null ? null : checked('recipientEmail', recipientEmail),
  );
}

/** Whether two refs name one invitation in different words: a Smart Invite by recipient, and as a whole. */
export function isSameInvitation(a: Ref, b: Ref): boolean {
  return (
    a.type === 'SmartInvite' &&
    b.type === 'SmartInvite' &&
    a.smartInviteId === b.smartInviteId &&
    a.dataCenter === b.dataCenter &&
    a.recipientEmail !== b.recipientEmail
  );
}

/** The ref of an invitation that was read: for one recipient it names the address as the provider gives it. */
export function refOf(invitation: Invitation): Ref {
  if (invitation.type === 'ReviewInvitation') return reviewInvitationRef(invitation.invitationId);
  const { dataCenter, smartInviteId, recipient } = invitation;
  return smartInviteRef(dataCenter, smartInviteId, recipient?.email ?? null);
}

/** The opaque, URL-safe id that clients hold; of an invitation that was read, the one of its ref. */
export function globalIdOf(named: Ref | Invitation): string {
  if (named.type === 'ReviewInvitation') return encode([named.type, named.invitationId]);
  const email = 'recipientEmail' in named ? named.recipientEmail : (named.recipient?.email ?? null);
  return encode([named.type, named.dataCenter, named.smartInviteId, email]);
}

function encode(parts: readonly (string | null)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The ref behind a global id, or null for anything that `globalIdOf` cannot have made. */
export function refOfGlobalId(id: string): Ref | null {
  const ref = refOfParts(partsOf(id));
  return ref !== null && globalIdOf(ref) === id ? ref : null;
}

function partsOf(id: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(id, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function refOfParts([type, ...key]: readonly unknown[]): Ref | null {
  if (type === 'ReviewInvitation') {
    const [invitationId] = key;
    return typeof invitationId === 'string' ? reviewInvitationRef(invitationId) : null;
  }
  if (type === 'SmartInvite') {
    const [code, smartInviteId, recipientEmail] = key;
    const dataCenter = DATA_CENTERS.find((each) => each === code);
    if (dataCenter === undefined || typeof smartInviteId !== 'string') return null;
    if (recipientEmail !== null && typeof recipientEmail !== 'string') return null;
    return smartInviteRef(dataCenter, smartInviteId, recipientEmail);
  }
  return null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether a ref that a global id names could have been given out: its texts are such as a caller may send. */
export function isPlausible(ref: Ref): boolean {
  const texts =
    ref.type === 'ReviewInvitation' ? [ref.invitationId] : [ref.smartInviteId, ref.recipientEmail ?? 'nobody'];
  return texts.every((text) => faultOf(text) === null);
}

function checked(argument: string, value: string): string {
  const fault = faultOf(value);
  if (fault === null) return value;
  throw new BadUserInput(
    `${argument} ${fault}: give 1 to ${MAX_KEY_LENGTH} characters, none of them a control character.`,
  );
}

function faultOf(value: string): string | null {
  if (value === '') return 'is empty';
  if (value.length > MAX_KEY_LENGTH) return 'is too long';
  return CONTROL_CHARACTERS.test(value) || !value.isWellFormed() ? 'has characters that no id has' : null;
}
