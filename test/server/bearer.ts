// Tokens signed as a company's backend signs them (HS256), for tests and benchmarks.

import { createHmac } from 'node:crypto';

export const SECRET = 'a-secret-that-only-tests-know-0123456789';

export interface Claims {
  readonly sub?: string;
  readonly invitations?: unknown;
  readonly scope?: string;
  readonly tenant?: string;
  /** Seconds since 1970. */
  readonly exp?: number;
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that is good for a minute, and grants all, unless it is told otherwise. */
export function sign(claims: Claims = {}, secret = SECRET): string {
  const now = Math.floor(Date.now() / 1_000);
  const all = { aud: 'invitation-gateway', sub: 'user-1', iat: now - 60, exp: now + 60, invitations: '*', ...claims };
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(all)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

export const bearer = (claims: Claims = {}, secret = SECRET) => `Bearer ${sign(claims, secret)}`;
