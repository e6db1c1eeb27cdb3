// What no line of a log, no metric and no name in Redis may hold, whatever a test does: the gateways and servers that tests
// start are looked through when they end.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SECRETS } from '../src/settings/known.ts';
import type { Environment } from '../src/settings.ts';

const FORBIDDEN = [
  { what: 'an e-mail address', pattern: /[\w.+-]+(?:@|%40)[\w-]+\.\w+/ },
  { what: 'a token', pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}/ },
  { what: 'an Authorization header', pattern: /\bBearer [\w-]/ },
  { what: 'a URL', pattern: /\bhttps?:\/\/|\bwss?:\/\/|\brediss?:\/\// },
];

/** Shorter ones are words, which may stand anywhere. */
const LEAST_LENGTH = 8;

/**
 * The secrets of a gateway that is started with these settings: in variables, in files, and wherever its file of tenants says.
 * Files may be written anew, or go, while it runs.
 */
export function secretsIn(environment: Environment): readonly string[] {
  const own = SECRETS.flatMap((name) => [environment[name], textOf(environment[`${name}_FILE`])]);
  const ofTenants = secretsNamedIn(parsed(textOf(environment.TENANTS_FILE)), environment);
  return [...own, ...ofTenants]
    .flatMap((text) => text?.split(',') ?? [])
    .map((text) => text.trim())
    .filter(({ length }) => length >= LEAST_LENGTH);
}

/** A secret stands there as `{"env": …}` or `{"file": …}`. */
function secretsNamedIn(tenants: unknown, environment: Environment): readonly (string | undefined)[] {
  if (typeof tenants !== 'object' || tenants === null) return [];
  const { env, file } = tenants as Readonly<Record<string, unknown>>;
  const here = [
    typeof env === 'string' ? environment[env] : undefined,
    typeof file === 'string' ? textOf(file) : undefined,
  ];
  return [...here, ...Object.values(tenants).flatMap((member) => secretsNamedIn(member, environment))];
}

function textOf(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  } catch {
    // A test of settings names what is not there.
    return undefined;
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param secrets Of the gateway that tells it. @throws AssertionError */
export function expectPrivateLog(lines: Iterable<string>, secrets: readonly string[]): void {
  for (const line of lines) {
    for (const { what, pattern } of FORBIDDEN) assert.ok(!pattern.test(line), `${what} is told: ${line}`);
    assert.ok(!secrets.some((secret) => line.includes(secret)), `a secret is told: ${line}`);
  }
}

/** SHA-256 in base64url. */
const DIGEST = '[\\w-]{43}';
/** The name of a tenant, and those of its accounts. */
const SCOPE = '(?:[a-z\\d-]{1,32}/)?\\d+(?:\\.[\\w-]+)*';

const NAMES = new RegExp(
  `^gateway:(?:${[
    'clock',
    'check:(?:\\d+|all)',
    '\\{[\\w.-]+\\}:(?:calls|gate|line|due|spread)',
    `(?:snapshot|notice|claim|evidence):${DIGEST}`,
    `(?:snapshots|notifications):${SCOPE}`,
    // Tests of the connection use names of their own.
    'test:(?:key|set|channel)',
  ].join('|')})$`,
);

/** Of keys and channels: digests, names of accounts and of tenants, and nothing of a person or an invitation. */
export function expectPrivateNames(names: Iterable<string>): void {
  for (const name of names) assert.match(name, NAMES);
}
