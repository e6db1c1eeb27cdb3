// What names an invitation: its natural key, and the two texts made of it (the key of caches and loaders, and the
// global id that clients hold). Anything a caller sends is checked here before it can become a ref.

import type { CronofyDataCenter, Invitation, InvitationType, ProviderName } from './invitation.ts';
import { BadUserInput } from './problem.ts';

export interface ReviewInvitationRef {
  readonly type: 'ReviewInvitation';
  readonly invitationId: string;
}

export interface SmartInviteRef {
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

/** @throws BadUserInput where the id is empty, too long or has control characters. */
export function reviewInvitationRef(invitationId: string): ReviewInvitationRef {
  return { type: 'ReviewInvitation', invitationId: checked('invitationId', invitationId) };
}

/** @throws BadUserInput where the id or the address is empty, too long or has control characters. */
export function smartInviteRef(
  dataCenter: CronofyDataCenter,
  smartInviteId: string,
  recipientEmail: string | null,
): SmartInviteRef {
  return {
    type: 'SmartInvite',
    dataCenter,
    smartInviteId: checked('smartInviteId', smartInviteId),
    recipientEmail: recipientEmail === null ? null : checked('recipientEmail', recipientEmail),
  };
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
  if (invitation.type === 'ReviewInvitation') {
    return { type: 'ReviewInvitation', invitationId: invitation.invitationId };
  }
  const { dataCenter, smartInviteId, recipient } = invitation;
  return { type: 'SmartInvite', dataCenter, smartInviteId, recipientEmail: recipient?.email ?? null };
}

/** One text a ref and one ref a text, whatever characters are in it: the key of caches and loaders. */
export function keyOf(ref: Ref): string {
  return JSON.stringify(
    ref.type === 'ReviewInvitation'
      ? [ref.type, ref.invitationId]
      : [ref.type, ref.dataCenter, ref.smartInviteId, ref.recipientEmail],
  );
}

/** The opaque, URL-safe id that clients hold. */
export function globalIdOf(ref: Ref): string {
  return Buffer.from(keyOf(ref)).toString('base64url');
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
    return typeof invitationId === 'string' ? { type, invitationId } : null;
  }
  if (type === 'SmartInvite') {
    const [code, smartInviteId, recipientEmail] = key;
    const dataCenter = DATA_CENTERS.find((each) => each === code);
    if (dataCenter === undefined || typeof smartInviteId !== 'string') return null;
    if (recipientEmail !== null && typeof recipientEmail !== 'string') return null;
    return { type, dataCenter, smartInviteId, recipientEmail };
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
