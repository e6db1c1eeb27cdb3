// How a caller names an invitation: the input types, and the one way from them to a ref. Each kind adds its own field
// (`addRefInput`).

import type { InputRef } from '@pothos/core';
import type { InvitationType } from '../invitation/kinds.ts';
import { BadUserInput } from '../invitation/problem.ts';
import { checkedRef, type Named, type Ref, refOfGlobalId } from '../invitation/ref.ts';
import { builder, type Context } from './builder.ts';

export const MAX_AGE_SECONDS = {
  description:
    'How old the answer may be, in seconds; 0 asks the provider now. Where the quota or the provider does not allow that, the known answer comes, with `isStale: true`. Default: as fresh as the quota allows.',
} as const;

/** The field of `InvitationRef` that names an invitation of a kind. */
interface KindField {
  readonly type: InvitationType;
  /** Its fields are the parts of the kind's natural key. */
  readonly input: InputRef<Named>;
  readonly description: string;
}

const kindFields = new Map<string, KindField>();

export function addRefInput(name: string, field: KindField): void {
  kindFields.set(name, field);
}

type InvitationRefShape = Readonly<Record<string, string | Named | null | undefined>>;

export const InvitationRefInput = builder.inputRef<InvitationRefShape, false>('InvitationRef').implement({
  description: 'Names an invitation of any kind: give exactly one of the fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'A global id: the field `id` of an earlier answer.' }),
    ...Object.fromEntries(
      [...kindFields].map(([name, { input, description }]) => [name, t.field({ type: input, description })]),
    ),
  }),
});

/** @throws BadUserInput where an input can name no invitation. */
export function refOfInput(input: InvitationRefShape, context: Context): Ref {
  for (const [name, { type }] of kindFields) {
    const named = input[name];
    if (named && typeof named === 'object') return checkedRef(type, named, context.defaultsOf(type)) as Ref;
  }
  return refOfId(String(input.id));
}

/** @throws BadUserInput where it is no id that this gateway has given. */
export function refOfId(id: string): Ref {
  const ref = refOfGlobalId(id);
  if (ref !== null) return ref;
  throw new BadUserInput(
    "This is no global id: give the field `id` of an earlier answer, or name the invitation by its provider's id, as `invitation(ref:)` takes it.",
  );
}

/**
 * A caller's `maxAgeSeconds` in milliseconds; null where it leaves the age to the gateway.
 * @throws BadUserInput where the age is negative.
 */
export function maxAgeMsOf(maxAgeSeconds: number | null | undefined): number | null {
  if (maxAgeSeconds === null || maxAgeSeconds === undefined) return null;
  if (maxAgeSeconds >= 0) return maxAgeSeconds * 1_000;
  throw new BadUserInput('maxAgeSeconds is negative: give 0 to ask the provider now, or more.');
}
