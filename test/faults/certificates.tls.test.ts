// Certificates of a provider that are no good: no call is made, and the log says what is wrong with them.

import { expect, onTestFinished } from 'vitest';
import { createAuthority } from '../certificates.ts';
import { authority, test } from './faulty.ts';
import { startProxy } from './proxy.ts';
import { FAIL, troublesIn } from './troubles.ts';

test.concurrent.for([
  ['has expired', 'issued', { isOver: true }, 'CERT_HAS_EXPIRED'],
  ["is another host's", 'issued', { names: 'DNS:other.example' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['an unknown authority has signed', 'strange', {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
] as const)('the gateway makes no call and logs a certificate that %s', async ([, from, options, code], { start }) => {
  const signer = from === 'issued' ? authority : createAuthority();
  const certificate = signer?.issue(options);
  const provider = await startProxy('http://127.0.0.1:1', { certificate });
  onTestFinished(() => provider.refuse());
  const faulty = await start({ PARTOO_BASE_URL: `${provider.origin}/v2` });
  faulty.staysThrottled();
  expect(await faulty.review('one')).toBe('PROVIDER_UNAVAILABLE');
  // On a busy machine an attempt may be late as well.
  expect(troublesIn(faulty)).toContain(`PARTOO certificate ${code}: ${FAIL}`);
  expect(provider.requests).toEqual([]);
});
