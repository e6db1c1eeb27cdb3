// What a viewer may see: decided for each ref before anything of it is looked up.

import type { InvitationType } from '../invitation/kinds.ts';
import { Forbidden } from '../invitation/problem.ts';
import type { Named, Ref } from '../invitation/ref.ts';

export interface Grants {
  /** What the viewer may see of the invitation that the ref names. */
  of(ref: Ref): Grant;
}

export type Grant = 'nothing' | 'whole';

export const EVERYTHING: Grants = { of: () => 'whole' };

/**
 * The claim of a token → what it grants.
 * @param _defaultsOf The account's values for parts of a natural key: a grant is of the account's own place.
 * @throws Forbidden that names the member which is wrong, and never its value.
 */
export function grantsOf(claim: unknown, _defaultsOf: (type: InvitationType) => Named | undefined): Grants {
  if (claim === '*') return EVERYTHING;
  throw new Forbidden('The claim `invitations` of the token has another shape than README says.');
}
