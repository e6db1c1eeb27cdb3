// A token (JWT, RFC 7519): what it says, and whether it is genuine. What it says is looked at first, because a signature
// takes thirty times as long: a forged token mostly costs no more than a look.

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { type Authority, keysFor, type VerificationKey } from './authority.ts';
import type { TokenFault } from './refusal.ts';

/** What is used of a token, whether it is genuine or not. */
export interface Claims {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly issuer: string | undefined;
  /** When it begins to be valid, in milliseconds since 1970: not before it was made. */
  readonly beginsAt: number;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  readonly tenant: unknown;
  readonly scope: unknown;
  readonly all: Readonly<Record<string, unknown>>;
}

/** Clocks differ: for single requests a token counts for so much longer, and may have been made so much later. */
export const TOLERANCE_MS = 30_000;

/** Longest that a token may still be valid: what is stolen is to be of no use tomorrow. */
const MAX_LIFE_MS = 86_400_000;

const MAX_SUBJECT_LENGTH = 256;

const Header = z.object({ alg: z.string(), kid: z.string().optional() });

const seconds = z.number().nonnegative();

const Payload = z.looseObject({
  sub: z
    .string()
    .min(1)
    .max(MAX_SUBJECT_LENGTH)
    .refine((text) => text.isWellFormed()),
  aud: z.union([z.string(), z.array(z.string())]),
  iss: z.string().optional(),
  exp: seconds,
  iat: seconds.optional(),
  nbf: seconds.optional(),
});

/** @returns undefined where it is no token, or says what no token may say. */
export function readClaims(token: string): Claims | undefined {
  try {
    const { alg, kid } = Header.parse(decodeProtectedHeader(token));
    const all = decodeJwt(token);
    const { sub, aud, iss, exp, iat = 0, nbf = 0, tenant, scope } = Payload.parse(all);
    return {
      alg,
      kid,
      subject: sub,
      audiences: [aud].flat(),
      issuer: iss,
      beginsAt: Math.max(iat, nbf) * 1_000,
      expiresAt: exp * 1_000,
      tenant,
      scope,
      all,
    };
  } catch {
    return undefined;
  }
}

/** What is wrong with claims at that time, whoever has signed them; undefined where nothing is. */
export function faultOf(
  { audiences, issuer = '', beginsAt, expiresAt }: Claims,
  authority: Authority,
  at: number,
): TokenFault | 'expired' | undefined {
  if (!audiences.includes(authority.audience)) return 'audience';
  if (authority.issuers?.includes(issuer) === false) return 'issuer';
  if (beginsAt > at + TOLERANCE_MS) return 'early';
  if (expiresAt > at + MAX_LIFE_MS + TOLERANCE_MS) return 'long';
  return expiresAt + TOLERANCE_MS <= at ? 'expired' : undefined;
}

/**
 * Which of the authority's keys has signed it, or why none has.
 * @throws AuthUnavailable where its keys cannot be had.
 */
export async function signerOf(
  token: string,
  { alg, kid }: Claims,
  authority: Authority,
): Promise<VerificationKey | TokenFault> {
  const keys = await keysFor(authority, alg, kid);
  if (keys === undefined) return 'algorithm';
  for (const key of keys) {
    try {
      await jwtVerify(token, key, { algorithms: [alg], clockTolerance: TOLERANCE_MS / 1_000 });
      return key;
    } catch (error) {
      // It has expired since it was looked at, and its signature is right.
      if (error instanceof errors.JWTExpired) return key;
      // Another of the keys may have signed it.
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return keys.length === 0 ? 'key' : 'signature';
}
