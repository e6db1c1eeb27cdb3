// Run in a copy of the sources to which the third provider was added: the contract suite for it, and what it has to go
// through in every room.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { globalIdOf, refTo } from '../src/invitation/ref.ts';
import { momentOf, snapshotOf } from '../src/invitation/snapshot.ts';
import { STARPOST_API_KEY } from '../src/sandbox/starpost.ts';
import { schema } from '../src/schema/index.ts';
import { graphiqlTabs } from '../src/server/graphiql.ts';
import { readSettings } from '../src/settings.ts';
import { decodeSnapshot, encodeSnapshot } from '../src/snapshots/codec.ts';
import { bytesOfSnapshot } from '../src/snapshots/weight.ts';
import { bearer } from './access/tokens.ts';
import { describeProvider } from './contract/provider.contract.ts';
import { startTestGateway, type TestGateway } from './harness.ts';
import { DOORS } from './server/doors.ts';
import { startSigned } from './server/signed.ts';

describeProvider({
  name: 'STARPOST',
  imitationIn: (sandbox) => sandbox.starpost,
  credential: ['x-api-key', STARPOST_API_KEY],
  seeded: {
    id: 'mail-reviewed',
    selection: 'provider isStale status rawStatus ... on EmailInvitation { mailStatus businessUnitId }',
    answer: {
      __typename: 'EmailInvitation',
      status: 'ACCEPTED',
      rawStatus: 'reviewed',
      mailStatus: 'REVIEWED',
      businessUnitId: 'main',
    },
  },
  refOf: (text) => ({ emailInvitation: { invitationId: text } }),
  targetOf: (encoded) => `/v1/private/business-units/main/email-invitations/${encoded}`,
  others: [],
});

const invitation = {
  type: 'EmailInvitation',
  businessUnitId: 'main',
  invitationId: 'mail-sent',
  mailStatus: 'SENT',
  rawStatus: 'sent',
} as const;

test('the codec of shared snapshots encodes its invitations', () => {
  const { type, businessUnitId, invitationId } = invitation;
  const shared = {
    ref: refTo(type, { businessUnitId, invitationId }),
    invitation,
    observedAt: 1,
    begunAt: 2,
    seenAt: 3,
  };
  expect(decodeSnapshot(encodeSnapshot(shared))).toEqual(shared);
  expect(
    decodeSnapshot(encodeSnapshot({ ...shared, invitation: { ...invitation, mailStatus: 'LOST' } } as never)),
  ).toBe(undefined);
});

test('the weight of its invitations is the weight of their texts', () => {
  const longer = { ...invitation, rawStatus: 'x'.repeat(1_000) };
  const [one, other] = [invitation, longer].map((each) => bytesOfSnapshot(snapshotOf(each, momentOf(0))));
  expect((other ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(1_000);
});

describe('a gateway with the third provider', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.stop());

  test('answers a page of three kinds, by global ids too', async () => {
    const page = `query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { id provider status } }`;
    const refs = [
      { emailInvitation: { invitationId: 'mail-bounced' } },
      { reviewInvitation: { invitationId: 'review-sent' } },
      { smartInvite: { smartInviteId: 'team-offsite' } },
    ];
    const first = await gateway.query(page, { refs });
    expect(first.errors).toBeUndefined();
    expect(first.data.invitations).toMatchObject([
      { provider: 'STARPOST', status: 'FAILED' },
      { provider: 'PARTOO' },
      { provider: 'CRONOFY' },
    ]);
    const ids = first.data.invitations.map(({ id }: { id: string }) => ({ id }));
    expect(await gateway.query(page, { refs: ids })).toEqual(first);
  });

  test('shows its kind in every tab of GraphiQL that names kinds, and each tab works', async () => {
    const tabs = graphiqlTabs(schema, gateway.sandbox.examples);
    expect(tabs.map(({ query }) => query).join()).toContain('query OneEmailInvitation');
    for (const { query, variables = '{}' } of tabs) {
      if (query.includes('subscription ')) continue;
      const { data, errors } = await gateway.query(query, JSON.parse(variables));
      expect(errors, query).toBeUndefined();
      expect(Object.values(data)).not.toContain(null);
    }
  });
});

describe('a token grants invitations of the third kind', () => {
  const [POST] = DOORS;
  const PAGE = `query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { externalId } }`;

  async function ask(email: readonly unknown[], refs: readonly object[]) {
    const gateway = await startSigned();
    const authorization = bearer({ invitations: { email } });
    const outcome = await POST?.ask(gateway.origin, authorization, { query: PAGE, variables: { refs } });
    return { ...outcome, calls: gateway.sandbox.starpost.calls.length };
  }

  test('by their ids and prefixes of them, of the own business unit', async () => {
    const elsewhere = refTo('EmailInvitation', { businessUnitId: 'other', invitationId: 'mail-sent' });
    const refs = [
      ...['mail-sent', 'mail-bounced', 'mail-opened'].map((invitationId) => ({ emailInvitation: { invitationId } })),
      { id: globalIdOf(elsewhere) },
      { reviewInvitation: { invitationId: 'review-sent' } },
    ];
    const { body, calls } = await ask(['mail-sent', 'mail-op*'], refs);
    const [sent, opened] = ['mail-sent', 'mail-opened'].map((externalId) => ({ externalId }));
    expect(body).toEqual({ data: { invitations: [sent, null, opened, null, null] } });
    expect(calls).toBe(2);
  });

  test.each([
    ['a part, which this kind has not', [{ id: 'mail-sent', recipient: 'ann@example.com' }], 'email[0]'],
    ['a star', ['mail-sent', '*'], 'email[1]'],
  ])('and is refused with %s', async (_, email, place) => {
    const { status, body, calls } = await ask(email, [{ emailInvitation: { invitationId: 'mail-sent' } }]);
    expect([status, body.errors[0].extensions.code, calls]).toEqual([403, 'FORBIDDEN', 0]);
    expect(body.errors[0].message).toContain(place);
  });
});

test('a tenant has an account of it, by members that are called as its variables', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenants-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'tenants.json');
  const starpost = { apiKey: { env: 'ACME_KEY' }, businessUnit: 'north', quota: '5/60s' };
  const environment = { TENANTS_FILE: file, ACME_KEY: STARPOST_API_KEY, AUTH_JWT_SECRET: 'x'.repeat(32) };
  await writeFile(file, JSON.stringify({ acme: { starpost } }));
  expect(readSettings(environment).tenants?.get('acme')?.accounts).toMatchObject([
    { provider: 'STARPOST', defaults: { businessUnitId: 'north' }, quota: [{ limit: 5, windowMs: 60_000 }] },
  ]);
  await writeFile(file, JSON.stringify({ acme: { starpost: { ...starpost, apiKey: 'in the file' } } }));
  expect(() => readSettings(environment)).toThrow('acme.starpost.apiKey must be {"env": "NAME"}');
});
