// The settings of the connection to Redis: what is wrong is told with what is taken, and never with the value.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REDIS_URL_FORMS } from '../../src/redis/address.ts';
import { readSettings, SettingsError } from '../../src/settings.ts';

const PEM = readFileSync(fileURLToPath(new URL('authority.pem', import.meta.url)), 'utf8');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function messageOf(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
  }
  return '';
}

function fileWith(content: string): string {
  const path = join(folder, String(Math.random()));
  writeFileSync(path, content);
  return path;
}

test.each(['sk_redis.example', 'http://sk_a@h', 'redis://sk_a@', 'redis+sentinel://:sk_a@h', 'redis://h1,h2/sk_a'])(
  'REDIS_URL may not be %s',
  (REDIS_URL) => {
    const message = messageOf({ REDIS_URL });
    expect(message).toBe(`The settings are not right:\n  REDIS_URL must be ${REDIS_URL_FORMS}`);
    expect(message).not.toContain('sk_');
  },
);

describe('REDIS_CA_FILE', () => {
  const REDIS_URL = 'rediss://redis.example';

  test('is read at the start, with several certificates and what stands between them', () => {
    const text = `# ours\n${PEM}\n# theirs\n${PEM}`;
    expect(readSettings({ REDIS_URL, REDIS_CA_FILE: fileWith(text) }).redisCa).toBe(text);
    expect(readSettings({ REDIS_URL }).redisCa).toBeUndefined();
  });

  test.each<[string, () => string]>([
    ['a file that is not there', () => join(folder, 'sk_none')],
    ['a folder', () => folder],
    ['an empty file', () => fileWith('')],
    ['a file of something else', () => fileWith('sk_a')],
    ['a key', () => fileWith(PEM.replaceAll('CERTIFICATE', 'PRIVATE KEY'))],
    ['one that is cut short', () => fileWith(PEM.slice(0, 300))],
    ['one beside another that is spoilt', () => fileWith(PEM + PEM.replace(/\n.{20}/, '\n'))],
  ])('may not name %s', (_, path) => {
    expect(messageOf({ REDIS_URL, REDIS_CA_FILE: path() })).toBe(
      'The settings are not right:\n  REDIS_CA_FILE must name a file of certificates in PEM that can be read',
    );
  });
});
