// What no line of a log, no metric and no name in Redis may hold, whatever a test does: the gateways and servers that tests
// start are looked through when they end.

import assert from 'node:assert/strict';
import { SECRETS } from '../src/settings/known.ts';
import type { Environment } from '../src/settings.ts';

const FORBIDDEN = [
  { what: 'an e-mail address', pattern: /[\w.+-]+(?:@|%40)[\w-]+\.\w+/ },
  { what: 'a token', pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}/ },
  { what: 'an Authorization header', pattern: /\bBearer [\w-]/ },
  { what: 'a URL', pattern: /\bhttps?:\/\/|\bwss?:\/\/|\brediss?:\/\// },
];

/** @param environment What the gateway was started with, whose secrets must not be told. @throws AssertionError */
export function expectPrivateLog(lines: Iterable<string>, environment: Environment): void {
  const secrets = SECRETS.flatMap((name) => environment[name]?.split(',') ?? []).filter(({ length }) => length >= 8);
  for (const line of lines) {
    for (const { what, pattern } of FORBIDDEN) assert.ok(!pattern.test(line), `${what} is told: ${line}`);
    assert.ok(!secrets.some((secret) => line.includes(secret)), `a secret is told: ${line}`);
  }
}

/** Of keys and channels: digests, names of accounts and of tenants, and nothing of a person or an invitation. */
export function expectPrivateNames(names: Iterable<string>): void {
  for (const name of names) assert.match(name, /^gateway:(\{[\w.-]+\}|[a-z]+):[\w./:-]+$/);
}
