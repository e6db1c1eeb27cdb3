// What becomes of a provider's settings: which host is called, and with which credential.

import { describe, expect, test } from 'vitest';
import type { ProviderName } from '../../src/invitation/provider.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import type { CronofyDataCenter } from '../../src/invitation/smart-invite.ts';
import type { Account } from '../../src/providers/provider.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { BACKGROUND } from '../../src/upstream/payment.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

/** Where a read of one account's would have gone, as `https://host/path?name=value`, and with which headers. */
async function callOf(environment: Environment, provider: ProviderName, ref: Ref) {
  const calls: { url: string; headers: string[] }[] = [];
  const record: Parameters<Account['open']>[0] = async ({ origin, path, query, headers }) => {
    calls.push({ url: `${origin}${path}?${new URLSearchParams(query)}`, headers: pairs(headers) });
    return null;
  };
  const account = readSettings(environment).accounts.find((each) => each.provider === provider);
  const options = { withExtras: false, cancellation: new Cancellation(), payment: BACKGROUND } as const;
  const answer = await account?.open(record).read(ref, options);
  expect(answer).toBeNull();
  expect(calls).toHaveLength(1);
  return calls[0];
}

function pairs(headers: readonly string[]): string[] {
  return headers.flatMap((name, n) => (n % 2 === 0 ? [`${name.toLowerCase()}: ${headers[n + 1]}`] : []));
}

const review = reviewInvitationRef('r');
const inviteIn = (dataCenter: CronofyDataCenter) => smartInviteRef(dataCenter, 'i', 'a@example.com');

describe('Partoo', () => {
  const key = { PARTOO_API_KEY: 'partoo-key' };
  const path = '/review_booster/invitation_status?invitation_id=r';

  test.each([
    ['production by default', {}, 'https://api.partoo.co/v2'],
    ['production', { PARTOO_ENVIRONMENT: 'production' }, 'https://api.partoo.co/v2'],
    ['its sandbox', { PARTOO_ENVIRONMENT: 'sandbox' }, 'https://api.sandbox.partoo.co/v2'],
    ['a base URL', { PARTOO_BASE_URL: 'http://127.0.0.1:4010/v2' }, 'http://127.0.0.1:4010/v2'],
    ['a base URL with a slash', { PARTOO_BASE_URL: 'http://127.0.0.1:4010/v2/' }, 'http://127.0.0.1:4010/v2'],
  ])('is called at %s, with its key in x-APIKey', async (_, more, base) => {
    const call = await callOf({ ...key, ...more }, 'PARTOO', review);
    expect(call?.url).toBe(base + path);
    expect(call?.headers).toContain('x-apikey: partoo-key');
    expect(call?.headers.join()).not.toContain('authorization');
  });

  test('is called with the key alone, though a mounted file adds a line break', async () => {
    const call = await callOf({ PARTOO_API_KEY: 'partoo-key\n' }, 'PARTOO', review);
    expect(call?.headers).toContain('x-apikey: partoo-key');
  });

  test('is not configured without a key', () => {
    expect(readSettings({ PARTOO_ENVIRONMENT: 'sandbox' }).accounts).toEqual([]);
  });
});

describe('Cronofy', () => {
  const secret = { CRONOFY_CLIENT_SECRET: 'cronofy-secret' };
  const path = '/v1/smart_invites?smart_invite_id=i&recipient_email=a%40example.com';

  test.each<[string, CronofyDataCenter, string]>([
    ['au', 'AU', 'https://api-au.cronofy.com'],
    ['ca', 'CA', 'https://api-ca.cronofy.com'],
    ['de', 'DE', 'https://api-de.cronofy.com'],
    ['sg', 'SG', 'https://api-sg.cronofy.com'],
    ['uk', 'UK', 'https://api-uk.cronofy.com'],
    ['us', 'US', 'https://api.cronofy.com'],
  ])('is called in the data center %s, with its secret as a bearer', async (name, dataCenter, origin) => {
    const environment = { ...secret, CRONOFY_DATA_CENTER: name };
    expect(readSettings(environment).accounts.map(({ defaults }) => defaults)).toEqual([{ dataCenter }]);
    const call = await callOf(environment, 'CRONOFY', inviteIn(dataCenter));
    expect(call?.url).toBe(origin + path);
    expect(call?.headers).toContain('authorization: Bearer cronofy-secret');
    expect(call?.headers.join()).not.toContain('x-apikey');
    // An invite in another data center than the default one is asked for there.
    expect((await callOf(secret, 'CRONOFY', inviteIn(dataCenter)))?.url).toBe(origin + path);
  });

  test.each([{}, { CRONOFY_DATA_CENTER: '' }])('is in the data center us by default: %j', (environment) => {
    const { accounts } = readSettings({ ...secret, ...environment });
    expect(accounts.map(({ defaults }) => defaults)).toEqual([{ dataCenter: 'US' }]);
  });

  test('is called at a base URL only for its own data center', async () => {
    const environment = { ...secret, CRONOFY_BASE_URL: 'http://127.0.0.1:4020/', CRONOFY_DATA_CENTER: 'uk' };
    expect((await callOf(environment, 'CRONOFY', inviteIn('UK')))?.url).toBe(`http://127.0.0.1:4020${path}`);
    await expect(callOf(environment, 'CRONOFY', inviteIn('US'))).rejects.toThrow(
      expect.objectContaining({ code: 'PROVIDER_NOT_CONFIGURED' }),
    );
  });

  test.each(['new,old', ' new , old '])('gets the first of the secrets %j', async (secrets) => {
    const call = await callOf({ CRONOFY_CLIENT_SECRET: secrets }, 'CRONOFY', inviteIn('US'));
    expect(call?.headers).toContain('authorization: Bearer new');
    expect(call?.headers.join()).not.toContain('old');
  });
});
