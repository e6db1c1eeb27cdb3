// What a thousand tenants hold: beside one, before any of them was asked for, and after all of them were.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bearer, SECRET } from '../access/tokens.ts';
import { one } from './cases.ts';
import { residentMegabytes, stop } from './processes.ts';
import { ENVIRONMENT, PORTS, startGateway, startUpstream } from './servers.ts';

const TENANTS = 1_000;
const MAX_KILOBYTES = 20;

/** @returns whether tenants that nobody asks for are as small as they are to be. */
export async function tenants(): Promise<boolean> {
  const upstream = await startUpstream();
  const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
  try {
    const alone = await hold(folder, 1);
    const many = await hold(folder, TENANTS);
    const idle = ((many.idle - alone.idle) * 1_024) / TENANTS;
    const used = ((many.used - many.idle - (alone.used - alone.idle)) * 1_024) / TENANTS;
    console.log(
      `${TENANTS} tenants hold ${idle.toFixed(1)} KB each before they are asked for (at most ${MAX_KILOBYTES} KB), and ${used.toFixed(1)} KB more after one read each`,
    );
    return idle <= MAX_KILOBYTES;
  } finally {
    rmSync(folder, { recursive: true });
    await stop(upstream);
  }
}

async function hold(folder: string, count: number): Promise<{ readonly idle: number; readonly used: number }> {
  const path = join(folder, `${count}.json`);
  const names = Array.from({ length: count }, (_, n) => `tenant-${n}`);
  const { PARTOO_BASE_URL: baseUrl, PARTOO_QUOTA: quota } = ENVIRONMENT;
  writeFileSync(
    path,
    JSON.stringify(
      Object.fromEntries(
        names.map((name, n) => [name, { partoo: { apiKey: { env: `KEY_${n}` }, baseUrl, quota, account: name } }]),
      ),
    ),
  );
  const keys = Object.fromEntries(names.map((_, n) => [`KEY_${n}`, `key-${n}`]));
  const server = await startGateway(PORTS.graphql, {
    ...keys,
    // Set to nothing, they count as not set.
    ...Object.fromEntries(
      Object.keys(ENVIRONMENT)
        .filter((name) => /^(PARTOO|CRONOFY)_/.test(name))
        .map((name) => [name, '']),
    ),
    TENANTS_FILE: path,
    AUTH: 'required',
    AUTH_JWT_SECRET: SECRET,
  });
  await ask('tenant-0');
  const idle = residentMegabytes(server).now;
  for (const name of names) await ask(name);
  const used = residentMegabytes(server).now;
  await stop(server);
  return { idle, used };
}

async function ask(tenant: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${PORTS.graphql}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: bearer({ tenant }) },
    body: one('id-1').graphql,
  });
  const answer = (await response.json()) as { data?: { reviewInvitation?: { id?: string } } };
  if (answer.data?.reviewInvitation?.id === undefined)
    throw new Error(`a tenant was not answered: ${JSON.stringify(answer)}`);
}
