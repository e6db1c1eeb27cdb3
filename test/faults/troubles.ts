// What the log of a gateway has of troubles with its providers.

import type { Faulty } from './faulty.ts';

/** What the log has of troubles, in short. */
export function troublesIn({ gateway }: Faulty): string[] {
  return gateway.log
    .map((line) => JSON.parse(line))
    .filter(({ trouble }) => trouble !== undefined)
    .map(({ provider, trouble, detail, msg }) => `${provider} ${trouble} ${detail}: ${msg}`);
}

/** The message when one begins. */
export const FAIL = 'calls to the provider fail';
