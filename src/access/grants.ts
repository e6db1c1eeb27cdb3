// What a viewer may see: decided for each ref before anything of it is looked up. A claim lists natural ids, prefixes of
// them, and parts of an invitation (one recipient's, say); which lists there are, and what a part is, is said by the kinds.

import { INVITATION_TYPES, type InvitationType, kindOf } from '../invitation/kinds.ts';
import { Forbidden } from '../invitation/problem.ts';
import { externalIdOf, type Named, type Ref } from '../invitation/ref.ts';
import { isSame, type Snapshot, snapshotOf } from '../invitation/snapshot.ts';

export interface Grants {
  /** What the viewer may see of the invitation that the ref names. */
  of(ref: Ref): Grant;
}

export type Grant = 'nothing' | 'whole' | PartGrant;

/** A part of it, such as one recipient's. */
export interface PartGrant {
  /** Names the part, in the form in which the kind compares such names. */
  readonly part: string;
}

export const EVERYTHING: Grants = { of: () => 'whole' };

/** Most entries of all lists together. */
const MAX_ENTRIES = 200;

/** Fewest characters before the star of a prefix: a slip must not grant everything. */
const MIN_PREFIX = 6;

/** What is granted of one kind. */
interface GrantsOfKind {
  readonly ids: Set<string>;
  readonly prefixes: string[];
  /** Id → name of the part → its grant. */
  readonly parts: Map<string, Map<string, PartGrant>>;
}

/**
 * The claim of a token → what it grants.
 * @param defaultsOf The account's values for parts of a natural key: a grant is of the account's own place.
 * @throws Forbidden that names the member which is wrong, and never its value.
 */
export function grantsOf(claim: unknown, defaultsOf: (type: InvitationType) => Named | undefined): Grants {
  if (claim === '*') return EVERYTHING;
  const lists = recordOf(claim, '');
  const byType = new Map<InvitationType, GrantsOfKind>();
  let left = MAX_ENTRIES;
  for (const [member, list] of Object.entries(lists)) {
    const type = INVITATION_TYPES.find((each) => kindOf({ type: each }).grants.member === member);
    if (type === undefined) throw wrong(member, 'is no kind of invitation');
    if (!Array.isArray(list)) throw wrong(member, 'is no list');
    left -= list.length;
    if (left < 0) throw new Forbidden(`A token grants at most ${MAX_ENTRIES} invitations: use a prefix.`);
    byType.set(type, listOf(type, list, member));
  }
  return new ListedGrants(byType, defaultsOf);
}

/** What a viewer with this grant sees of it; null where that is nothing. Snapshots are shared: it is a copy where it is cut. */
export function shownOf(snapshot: Snapshot, grant: Exclude<Grant, 'nothing'>): Snapshot | null {
  if (grant === 'whole') return snapshot;
  const shown = cutTo(snapshot, grant);
  const { staleness, confirmed } = snapshot;
  if (confirmed === null || staleness?.reason !== 'UNCONFIRMED') return shown;
  // A notification has changed it. A viewer of a part that it has not changed is not told that there was one.
  const before = cutTo(confirmed, grant);
  return isSame(before, shown) ? before : shown;
}

function cutTo(snapshot: Snapshot, { part }: PartGrant): Snapshot | null {
  const cut = kindOf(snapshot).grants.part?.cut(snapshot, part);
  if (!cut) return null;
  const shown = snapshotOf(cut as Snapshot, snapshot.observedAt, snapshot.staleness);
  // Where something contradicts the end of it, that holds for every part.
  return snapshot.isFinal ? shown : { ...shown, isFinal: false };
}

class ListedGrants implements Grants {
  readonly #byType: ReadonlyMap<InvitationType, GrantsOfKind>;
  readonly #defaultsOf: (type: InvitationType) => Named | undefined;

  constructor(
    byType: ReadonlyMap<InvitationType, GrantsOfKind>,
    defaultsOf: (type: InvitationType) => Named | undefined,
  ) {
    this.#byType = byType;
    this.#defaultsOf = defaultsOf;
  }

  of(ref: Ref): Grant {
    const granted = this.#byType.get(ref.type);
    if (granted === undefined || !this.#isOwnPlace(ref)) return 'nothing';
    const id = externalIdOf(ref);
    if (granted.ids.has(id) || granted.prefixes.some((prefix) => id.startsWith(prefix))) return 'whole';
    const { part } = kindOf(ref).grants;
    const parts: Named = ref.parts;
    const named = part && parts[part.keyPart];
    return (named && granted.parts.get(id)?.get(part.fold(named))) || 'nothing';
  }

  /** Whether what the ref says beside id and part is what the account says. */
  #isOwnPlace(ref: Ref): boolean {
    const { key, externalId, views } = kindOf(ref);
    const parts: Named = ref.parts;
    const defaults = this.#defaultsOf(ref.type);
    for (const name in key) {
      if (name === externalId || views.includes(name)) continue;
      if (parts[name] !== (defaults?.[name] ?? key[name]?.fallback)) return false;
    }
    return true;
  }
}

function listOf(type: InvitationType, list: readonly unknown[], member: string): GrantsOfKind {
  const granted: GrantsOfKind = { ids: new Set(), prefixes: [], parts: new Map() };
  for (const [n, entry] of list.entries()) {
    const place = `${member}[${n}]`;
    if (typeof entry === 'string') addText(type, granted, entry, place);
    else addPart(type, granted, recordOf(entry, place), place);
  }
  return granted;
}

function addText(type: InvitationType, { ids, prefixes }: GrantsOfKind, text: string, place: string): void {
  const isPrefix = text.endsWith('*');
  const id = idOf(type, isPrefix ? text.slice(0, -1) : text, place);
  if (!isPrefix) ids.add(id);
  else if (id.length >= MIN_PREFIX && !id.includes('*')) prefixes.push(id);
  else throw wrong(place, `is no prefix: give at least ${MIN_PREFIX} characters and one star at the end`);
}

function addPart(type: InvitationType, { parts }: GrantsOfKind, entry: Record<string, unknown>, place: string): void {
  const { grants, key } = kindOf({ type });
  const { part } = grants;
  if (part === null) throw wrong(place, 'is no text');
  const { id, [part.member]: name, ...others } = entry;
  const [other] = Object.keys(others);
  if (other !== undefined) throw wrong(`${place}.${nameOf(other)}`, 'is not known');
  const whole = idOf(type, id, `${place}.id`);
  if (typeof name !== 'string' || key[part.keyPart]?.faultOf(name) !== null) {
    throw wrong(`${place}.${part.member}`, 'is none');
  }
  const ofId = parts.get(whole) ?? new Map<string, PartGrant>();
  const folded = part.fold(name);
  ofId.set(folded, { part: folded });
  parts.set(whole, ofId);
}

function idOf(type: InvitationType, value: unknown, place: string): string {
  const { key, externalId } = kindOf({ type });
  if (typeof value !== 'string' || key[externalId]?.faultOf(value) !== null) throw wrong(place, 'is no id');
  return value;
}

function recordOf(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(place, place === '' ? 'is neither "*" nor lists' : 'is neither a text nor an object');
}

function wrong(place: string, what: string): Forbidden {
  const at = place === '' ? '' : ` at ${nameOf(place)}`;
  return new Forbidden(`The token's grants are wrong${at}: it ${what}.`);
}

/** A member's name is written by whoever made the token: it is told where it looks like a name. */
function nameOf(place: string): string {
  return /^[\w.[\]-]{1,48}$/.test(place) ? place : 'a member with a strange name';
}
