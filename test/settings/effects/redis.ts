// The effects of the settings that say how processes share what they share.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Environment } from '../../../src/settings.ts';
import { createAuthority } from '../../certificates.ts';
import { freePort } from '../../free-port.ts';
import { startRedisServer } from '../../redis/server.ts';
import { type Effects, GONE, quotaLimit, start } from './effect.ts';

/** Whether a Redis is reached that has a certificate of a private authority. */
async function reachesPrivateRedis({ REDIS_CA_FILE, ...environment }: Environment): Promise<boolean> {
  const authority = createAuthority();
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { key, cert } = authority.issue();
  const ca = file('ca.pem', authority.cert);
  const port = await freePort();
  const server = await startRedisServer([
    `tls-port ${port}`,
    `tls-cert-file ${file('cert.pem', cert)}`,
    `tls-key-file ${file('key.pem', key)}`,
    `tls-ca-cert-file ${ca}`,
    'tls-auth-clients no',
  ]);
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const trusting = REDIS_CA_FILE === undefined ? {} : { REDIS_CA_FILE: ca };
  const { origin } = await start({ ...environment, REDIS_URL: `rediss://127.0.0.1:${port}`, ...trusting });
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    const { degraded } = (await (await fetch(`${origin}/ready`)).json()) as { degraded: string[] };
    if (degraded.length === 0) return true;
    await sleep(50);
  }
  return false;
}

/** What /ready says is degraded. */
async function degraded(environment: Environment): Promise<unknown> {
  const response = await fetch(`${(await start(environment)).origin}/ready`);
  return ((await response.json()) as { degraded: string[] }).degraded;
}

export const REDIS_EFFECTS: Effects = {
  REDIS_URL: {
    value: GONE.REDIS_URL,
    observe: degraded,
    without: [],
    with: ['REDIS'],
  },
  REDIS_CA_FILE: { value: '<file>', observe: reachesPrivateRedis, without: false, with: true },
  PROCESSES: { value: '3', beside: GONE, observe: quotaLimit('PARTOO'), without: 67, with: 90 },
};
