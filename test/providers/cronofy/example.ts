// The example of Cronofy's documentation, of which example.json beside this file is a copy, and how it is asked for.

import { readFileSync } from 'node:fs';
import { smartInviteRef } from '../../refs.ts';

export type Json = { [name: string]: unknown };

export const example: Json = JSON.parse(readFileSync(new URL('./example.json', import.meta.url), 'utf8'));
export const ID = 'your-unique-identifier-for-invite';
export const EMAIL = 'cronofy@example.com';
export const asked = smartInviteRef('DE', ID, EMAIL);
export const askedAsWhole = smartInviteRef('DE', ID, null);
export const event = { start: '2026-05-04T09:30:00Z', end: '2026-05-04T10:00:00Z' };

/** The example without some of its fields. */
export function without(...names: string[]): Json {
  return Object.fromEntries(Object.entries(example).filter(([name]) => !names.includes(name)));
}
