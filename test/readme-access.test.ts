// README's "Who may see what": its code signs what the gateway takes, its file of tenants is one, and its figures hold.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../src/settings.ts';
import { SECRET, sign } from './access/tokens.ts';
import { endRuns, run } from './process.ts';
import { startSigned } from './server/signed.ts';

const readme = readFileSync('README.md', 'utf8');
const section = readme.slice(readme.indexOf('## Who may see what'), readme.indexOf('## Run it'));
const block = (language: string) =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)?.[1] ?? '';

afterEach(endRuns);

test('the code of a backend signs a token that grants what it says', async () => {
  // Beside the sources, where jose is found.
  const file = join(process.cwd(), 'node_modules', `readme-${randomUUID()}.mjs`);
  writeFileSync(file, block('js'));
  onTestFinished(() => rmSync(file));
  const { ended, stdout, stderr } = run(file, { AUTH_JWT_SECRET: SECRET });
  expect([await ended, stderr()]).toEqual([{ code: 0, signal: null }, '']);
  const gateway = await startSigned();
  const response = await fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stdout().trim()}` },
    body: JSON.stringify({
      query: `{ a: reviewInvitation(invitationId: "review-sent") { status }
        b: reviewInvitation(invitationId: "review-delivered") { status }
        c: smartInvite(smartInviteId: "team-lunch", recipientEmail: "guest1@example.com") { recipients { email } }
        d: smartInvite(smartInviteId: "team-lunch") { status } }`,
    }),
  });
  expect(await response.json()).toEqual({
    data: { a: { status: 'PENDING' }, b: null, c: { recipients: [{ email: 'guest1@example.com' }] }, d: null },
  });
});

test('the settings of an identity provider are settings', () => {
  const environment = Object.fromEntries(
    block('sh')
      .trim()
      .split(' ')
      .map((each) => each.split('=', 2)),
  );
  const { access } = readSettings({ ...environment, PARTOO_API_KEY: 'key', NODE_ENV: 'production' });
  expect(access?.authority).toMatchObject({
    jwksUrl: 'https://login.example.com/jwks',
    issuers: ['https://login.example.com'],
  });
});

test('the file of tenants is one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const secret = join(folder, 'acme-cronofy');
  writeFileSync(secret, 'cronofy-secret');
  const file = join(folder, 'tenants.json');
  writeFileSync(file, block('json').replace('/run/secrets/acme-cronofy', secret));
  const { tenants } = readSettings({
    TENANTS_FILE: file,
    ACME_PARTOO_KEY: 'a',
    GLOBEX_PARTOO_KEY: 'g',
    AUTH_JWT_SECRET: SECRET,
    NODE_ENV: 'production',
  });
  const shown = [...(tenants ?? [])].map(([name, { accounts, authority }]) => [
    name,
    accounts.map(({ provider }) => provider),
    authority?.jwksUrl,
  ]);
  expect(shown).toEqual([
    ['acme', ['PARTOO', 'CRONOFY'], 'https://login.acme.example/jwks'],
    ['globex', ['PARTOO'], undefined],
  ]);
});

test('as many ids fit into a token as it says', () => {
  const [, ids = '', recipients = ''] = /that is (\d+) UUIDs, or (\d+) UUIDs with a recipient each/.exec(section) ?? [];
  const uuids = (count: number) => Array.from({ length: count }, () => randomUUID());
  const bytes = (invitations: object) => sign({ sub: 'user-17', invitations }).length;
  const withRecipients = (count: number) => uuids(count).map((id) => ({ id, recipient: 'ann@example.com' }));
  expect(bytes({ review: uuids(Number(ids)) })).toBeLessThanOrEqual(8_000);
  expect(bytes({ review: uuids(Number(ids) + 2) })).toBeGreaterThan(8_000);
  expect(bytes({ smart: withRecipients(Number(recipients)) })).toBeLessThanOrEqual(8_000);
  expect(bytes({ smart: withRecipients(Number(recipients) + 2) })).toBeGreaterThan(8_000);
});
