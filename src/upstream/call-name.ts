// The name that a call has among processes: which process made it, of what kind it was, and for which caller.

import { createHash } from 'node:crypto';
import type { PaymentKind } from './payment.ts';

const KINDS = { caller: 'c', insistent: 'i', spare: 's', background: 'b', prepaid: 'b' } as const;
const KIND_OF = { c: 'caller', i: 'insistent', s: 'spare', b: 'background' } as const;

/** @param caller A digest: no address is to stand in Redis. */
export function nameOfCall(process: string, number: number, how: PaymentKind, caller: string): string {
  return `${process}:${number}:${KINDS[how]}:${caller}`;
}

/** What a call's name says; undefined where it is none of ours. */
export function readName(name: string): { how: PaymentKind; caller: string } | undefined {
  const [, , letter = '', caller = ''] = name.split(':');
  return isLetter(letter) ? { how: KIND_OF[letter], caller } : undefined;
}

function isLetter(text: string): text is keyof typeof KIND_OF {
  return Object.hasOwn(KIND_OF, text);
}

/** A short name for a caller: the same in all processes, and no address. */
export function digestOf(accountId: string, caller: string): string {
  return createHash('sha256').update(`${accountId} ${caller}`).digest('base64url').slice(0, 12);
}
