// The port that every provider fills in: how its settings become an account, and how an account reads an invitation.
// No file above it knows hosts, keys or snake_case; no file below it knows GraphQL.

import type { ZodObject, ZodPipe, ZodType } from 'zod';
import type { Invitation, InvitationType } from '../invitation/kinds.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Named, Ref } from '../invitation/ref.ts';
import type { Cancellation } from '../upstream/cancellation.ts';
import type { Payment } from '../upstream/payment.ts';
import type { QuotaWindow } from '../upstream/quota-window.ts';
import type { Upstream } from '../upstream/upstream.ts';

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
  /** Scheme, host and port of where it is asked: what is asked there fails together. Undefined where none is configured. */
  originOf(ref: Ref): string | undefined;
}

/**
 * Told how many of many things in one answer (people's replies, say) had another shape than the contract's, and were
 * mended or left out. The rest of the answer is given.
 */
export type MisfitListener = (count: number) => void;

/** One set of credentials at a provider. */
export interface Account {
  /** Names it where processes share something. */
  readonly id: string;
  readonly provider: ProviderName;
  readonly reads: InvitationType;
  /** What is taken of a natural key where a caller does not name it. */
  readonly defaults?: Named;
  /** How many calls it may make. */
  readonly quota: readonly QuotaWindow[];
  /** What the log calls each origin, where there are several: origin → name. A host is never logged. */
  readonly places?: ReadonlyMap<string, string>;
  open(call: Upstream['call'], onMisfits?: MisfitListener): Reader;
  /** Understands the notifications that the provider sends; undefined where it sends none. */
  readonly notifications?: NotificationReader;
}

export interface NotificationReader {
  /** Whether the provider itself sent these bytes. */
  isGenuine(body: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): boolean;
  /** What it says; null for what does not concern invitations, or names none that a caller could name. */
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
