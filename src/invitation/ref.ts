// What names an invitation: its natural key, and the two texts made of it (the key of caches and loaders, and the global
// id that clients hold). It holds for every kind; which parts a key has is said by the kind.

import type { AnyKind, NaturalKey } from './kind.ts';
import { type Invitation, type InvitationType, isInvitationType, type KeyOf, KINDS, kindOf } from './kinds.ts';
import { BadUserInput } from './problem.ts';

/** A ref to an invitation of a kind. */
export interface RefTo<Type extends InvitationType> {
  readonly type: Type;
  /** The natural key. */
  readonly parts: KeyOf<Type>;
  /**
   * One text a ref and one ref a text, whatever characters are in it: the key of caches and loaders. It is made once,
   * because a Map looks for a text that it has met before without reading it.
   */
  readonly key: string;
}

/** A ref to an invitation of any kind. */
export type Ref = { [Type in InvitationType]: RefTo<Type> }[InvitationType];

/** The ref of a natural key that is right. */
export function refTo<Type extends InvitationType>(type: Type, parts: KeyOf<Type>): RefTo<Type> {
  return { type, parts, key: keyOf(type, parts) };
}

/** The same where the kind has checked the parts, which the compiler cannot follow. */
function refOfKind(type: InvitationType, parts: NaturalKey): Ref {
  return { type, parts, key: keyOf(type, parts) } as Ref;
}

// Each part begins with its length, so that no text in one can be read as the begin of another.
function keyOf(type: InvitationType, parts: NaturalKey): string {
  let key: string = type;
  for (const name in KINDS[type].key) {
    const part = parts[name];
    key += part === null || part === undefined ? ' -' : ` ${part.length} ${part}`;
  }
  return key;
}

/** The parts of a natural key that a caller, or an account, names; absent and null mean the same. */
export type Named = Readonly<Record<string, string | null | undefined>>;

/**
 * The ref that a caller names.
 * @param defaults The account's values for parts that the caller does not name.
 * @throws BadUserInput where a part is missing, or is none.
 */
export function checkedRef<Type extends InvitationType>(type: Type, named: Named, defaults?: Named): RefTo<Type> {
  const { key }: AnyKind = KINDS[type];
  const parts: Record<string, string | null> = {};
  for (const name in key) {
    const part = key[name];
    const value = named[name] ?? defaults?.[name] ?? part?.fallback;
    const fault = part?.faultOf(value);
    if (fault) throw new BadUserInput(`${name} ${fault}`);
    parts[name] = value ?? null;
  }
  return refOfKind(type, parts) as RefTo<Type>;
}

/** The ref of an invitation that was read. */
export function refOf(invitation: Invitation): Ref {
  return refOfKind(invitation.type, kindOf(invitation).keyOf(invitation));
}

/** Whether two refs name one invitation, in the same words or in others: by recipient, say, and as a whole. */
export function isSameInvitation(a: Ref, b: Ref): boolean {
  if (a.type !== b.type) return false;
  // It is asked for everything that is watched, and mostly this is what differs.
  if (externalIdOf(a) !== externalIdOf(b)) return false;
  const { key, views } = kindOf(a);
  const [mine, other]: readonly NaturalKey[] = [a.parts, b.parts];
  return Object.keys(key).every((name) => mine?.[name] === other?.[name] || views.includes(name));
}

/** The key of the invitation as a whole: one text, by whichever of its names the ref has it. */
export function wholeKeyOf(ref: Ref): string {
  const { views } = kindOf(ref);
  const parts: NaturalKey = ref.parts;
  if (views.every((name) => parts[name] === null)) return ref.key;
  return keyOf(ref.type, { ...parts, ...Object.fromEntries(views.map((name) => [name, null])) });
}

/** What an invitation is named by; a ref is one. */
interface Name {
  readonly type: InvitationType;
  readonly parts: NaturalKey;
}

/** The provider's id of it. */
export function externalIdOf({ type, parts }: Name): string {
  return parts[KINDS[type].externalId] ?? '';
}

/** The opaque, URL-safe id that clients hold. */
export function globalIdOf({ type, parts }: Name): string {
  const texts = Object.keys(KINDS[type].key).map((name) => parts[name]);
  return Buffer.from(JSON.stringify([type, ...texts])).toString('base64url');
}

/** The ref behind a global id, or null for anything that `globalIdOf` cannot have made. */
export function refOfGlobalId(id: string): Ref | null {
  const [type, ...values] = arrayIn(id);
  if (!isInvitationType(type)) return null;
  const { key }: AnyKind = KINDS[type];
  const parts: Record<string, string | null> = {};
  for (const [n, [name, part]] of Object.entries(key).entries()) {
    const value = values[n];
    if (!part.isValue(value)) return null;
    parts[name] = value;
  }
  const ref = refOfKind(type, parts);
  return globalIdOf(ref) === id ? ref : null;
}

function arrayIn(id: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(id, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
