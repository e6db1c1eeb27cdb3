// The port that every provider fills in: how its settings become an account, and how an account reads an invitation.
// Code above it knows no hosts, keys or snake_case; code below it knows no GraphQL.

import { createHash } from 'node:crypto';
import type { ZodObject, ZodPipe, ZodType } from 'zod';
import type { Invitation, InvitationType } from '../invitation/kinds.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Named, Ref } from '../invitation/ref.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { QuotaWindow } from '../upstream/quota.ts';
import type { Secret } from '../upstream/secret.ts';
import type { Payment, Upstream } from '../upstream/upstream.ts';

export interface ReadOptions {
  /** Also bring the extras of the kind, where it has any. */
  readonly withExtras: boolean;
  /** Cancelled when no caller waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** How the quota of the call is taken. */
  readonly payment: Payment;
}

/** One account, ready to be asked. It is handed refs of the account's own kind only (`Account.reads`). */
export interface Reader {
  /**
   * Asks the provider how an invitation is doing.
   * @returns null where the provider knows no such invitation.
   * @throws Problem for everything else that is not a good answer.
   */
  read(ref: Ref, options: ReadOptions): Promise<Invitation | null>;
}

/** One set of credentials at a provider. */
export interface Account {
  /** Names it where processes share something: a digest, never the credential. */
  readonly id: string;
  readonly provider: ProviderName;
  readonly reads: InvitationType;
  /** What is taken of a natural key where a caller does not name it. */
  readonly defaults?: Named;
  /** How many calls it may make. */
  readonly quota: readonly QuotaWindow[];
  open(call: Upstream['call']): Reader;
  /** Understands the notifications that the provider sends; undefined where it sends none. */
  readonly notifications?: NotificationReader;
}

export interface NotificationReader {
  /** Whether the provider itself sent these bytes. */
  isGenuine(body: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): boolean;
  /** What it says; null for what does not concern invitations. */
  read(body: Buffer): Notification | null;
}

export interface Notification {
  /** The invitation that it names, by any of its refs. */
  readonly ref: Ref;
  /** What it says, applied to what was known. */
  readonly overlay: (invitation: Invitation) => Invitation;
}

/** A provider as the gateway knows it before any account is open. */
export interface Provider {
  readonly name: ProviderName;
  /**
   * Environment variables → account; null where those that make an account are not set. A fault's path begins with
   * the variable's name, and its message says what the variable takes. It begins with an object, whose shape names the
   * variables; a secret among them is marked as one (`credential` is).
   */
  readonly account: ZodPipe<ZodObject, ZodType<Account | null>>;
}

/** Most bytes of an answer's body that are read: an answer is about one kilobyte. */
export const MAX_BODY_BYTES = 256 * 1024;

export function accountId(provider: ProviderName, credential: Secret, origin: string): string {
  return createHash('sha256').update(`${provider} ${origin} ${credential.reveal()}`).digest('base64url').slice(0, 16);
}
