// Why a caller is not admitted, in words that say nothing of its token. Each door says it in its own way.

import { AuthUnavailable, Forbidden, type Problem, Unauthenticated } from '../invitation/problem.ts';

/** What is wrong with a token that is not accepted. No caller is told. */
export type TokenFault =
  /** It is no token, or says what no token may say. */
  | 'form'
  /** Neither its tenant nor the gateway has keys. */
  | 'tenant'
  | 'audience'
  | 'issuer'
  /** It begins to be valid later. */
  | 'early'
  /** It is valid for too long. */
  | 'long'
  /** No key of its algorithm's kind is set. */
  | 'algorithm'
  /** No published key can have signed it. */
  | 'key'
  | 'signature';

export const REFUSAL_REASONS = ['missing', 'expired', 'invalid', 'forbidden', 'unavailable', 'limited'] as const;

export interface Refusal {
  readonly reason: (typeof REFUSAL_REASONS)[number];
  readonly problem: Problem;
  /** Of one that is invalid. */
  readonly fault?: TokenFault;
}

export function refusal(reason: Refusal['reason'], problem: Problem): Refusal {
  return { reason, problem };
}

export const MISSING = refusal(
  'missing',
  new Unauthenticated('A token is needed: send it as `authorization: Bearer …`, in connection_init over WebSocket.'),
);

const NOT_ACCEPTED = new Unauthenticated('The token is not accepted: sign in anew.');

export function invalid(fault: TokenFault): Refusal {
  return { reason: 'invalid', problem: NOT_ACCEPTED, fault };
}

/** Also of a token whose key or tenant has gone since: a client shows a new one, or the same one again. */
export const EXPIRED = refusal('expired', new Unauthenticated('The token has expired: send a new one.', true));

export const UNAVAILABLE = refusal('unavailable', new AuthUnavailable());

export const WRONG_TENANT = refusal(
  'forbidden',
  new Forbidden('The claim `tenant` does not name whose invitations are asked for.'),
);
