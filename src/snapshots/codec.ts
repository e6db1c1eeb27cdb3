// A snapshot as text, for what processes share; and back, believing nothing: whatever else stands there is ignored. What
// an invitation looks like is said by the shape of its kind.

import { z } from 'zod';
import { INVITATION_TYPES, type Invitation, KINDS } from '../invitation/kinds.ts';
import { globalIdOf, isSameInvitation, type Ref, refOf, refOfGlobalId } from '../invitation/ref.ts';

const InvitationCode: z.ZodType<Invitation> = z.union(INVITATION_TYPES.map((type) => KINDS[type].shape));

const RefCode = z.string().transform((id, context): Ref => {
  const ref = refOfGlobalId(id);
  if (ref === null) context.addIssue('no global id');
  return ref ?? z.NEVER;
});

const moment = z.number().min(0).max(8_640_000_000_000_000);

const Shared = z.object({
  ref: RefCode,
  invitation: InvitationCode,
  /** What callers are told: milliseconds since 1970, by the clock of the process that read it. No age is made of it. */
  observedAt: moment,
  /** When its read began and ended: in the text by Redis' clock, which is one for all, else by the clock of this process. */
  begunAt: moment,
  seenAt: moment,
  /** When this state was first seen, by the same clock; processes of an earlier version do not say. */
  sinceAt: moment.optional(),
});

export type SharedSnapshot = z.infer<typeof Shared>;

export function encodeSnapshot(shared: SharedSnapshot): string {
  return JSON.stringify({ ...shared, ref: globalIdOf(shared.ref) });
}

export function decodeSnapshot(text: string): SharedSnapshot | undefined {
  try {
    const { data } = Shared.safeParse(JSON.parse(text));
    return data !== undefined && isSameInvitation(data.ref, refOf(data.invitation)) ? data : undefined;
  } catch {
    return undefined;
  }
}
