// A file of tenants, as a test writes it, and what is read of it beside the settings of a gateway.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Environment, readSettings, SettingsError } from '../../src/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

export function fileOf(content: unknown): string {
  files += 1;
  const path = join(folder, `${files}`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

export const SECRET = 'a-secret-of-acme-with-32-bytes-or-more!';
export const ENVIRONMENT = {
  AUTH_JWT_SECRET: 'a-secret-of-the-gateway-with-32-bytes!',
  ACME_KEY: 'acme-key',
  BETA_KEY: 'beta-key',
  ACME_SECRET: SECRET,
};
export const partoo = (env = 'ACME_KEY') => ({ apiKey: { env } });

export const read = (tenants: unknown, environment: Environment = {}) =>
  readSettings({ ...ENVIRONMENT, TENANTS_FILE: fileOf(tenants), ...environment });

/** The lines about single settings, in order. */
export function mistakesIn(tenants: unknown, environment: Environment = {}): string[] {
  try {
    read(tenants, environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [, ...lines] = error.message.split('\n');
    return lines.map((line) => line.trim());
  }
}
