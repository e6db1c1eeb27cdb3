// The effects of the settings that say how providers are called.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Environment, readSettings } from '../../../src/settings.ts';
import { review } from '../../live/subscriber.ts';
import { type Effects, quotaLimit, SENT, start } from './effect.ts';

const INVITE = '{ smartInvite(smartInviteId: "board-meeting") { id } }';
const PARTOO = { PARTOO_API_KEY: 'key' };
const CRONOFY = { CRONOFY_CLIENT_SECRET: 'secret' };

/** Whether an account keeps its name when its secret is another one. */
const accountOf = (provider: string) => (environment: Environment) => {
  const [one, other] = ['one', 'other'].map((secret) =>
    readSettings({ PARTOO_API_KEY: secret, CRONOFY_CLIENT_SECRET: secret, ...environment }).accounts.find(
      (account) => account.provider === provider,
    ),
  );
  return one?.id === other?.id;
};

/** Whether a caller gets calls beyond its share, which is ten where it is alone. */
async function goesBeyondShare(environment: Environment): Promise<boolean> {
  const { query, takeCalls } = await start(environment);
  const refs = Array.from({ length: 20 }, (_, n) => review(`review-${n}`));
  await query('query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
  return takeCalls().partoo.length > 10;
}

/** The host that a call would go to. */
const hostOf = (ref: object) => async (environment: Environment) => {
  const [account] = readSettings(environment).accounts;
  let origin: string | undefined;
  const reader = account?.open(async (request) => {
    origin = request.origin;
    return null;
  });
  const parts = { ...ref, ...account?.defaults };
  await reader?.read({ type: account?.reads, parts, key: '' } as never, {} as never);
  return origin && new URL(origin).host;
};

/** What a provider hears: the headers of the call for an invitation. */
const heard =
  (variable: string, path: string, query: string) =>
  async (environment: Environment): Promise<IncomingHttpHeaders | undefined> => {
    const calls: IncomingHttpHeaders[] = [];
    const provider = createServer((request, response) => {
      calls.push(request.headers);
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    onTestFinished(() => void provider.close());
    const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    await (await start({ ...environment, [variable]: `${origin}${path}` })).query(query);
    return calls[0];
  };

/** Whether the way to a provider leads through a proxy. */
async function isProxied(environment: Environment): Promise<boolean> {
  let asked = '';
  const proxy = createListener((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (head) => {
        asked = head.toString('latin1');
        socket.destroy();
      });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const port = String((proxy.address() as AddressInfo).port);
  const here = Object.entries(environment).map(([name, value]) => [name, value?.replace('<port>', port)]);
  const { query } = await start({ PARTOO_BASE_URL: 'https://provider.example/v2', ...Object.fromEntries(here) });
  await query(SENT);
  return asked.startsWith('CONNECT provider.example:443');
}

export const PROVIDER_EFFECTS: Effects = {
  PARTOO_API_KEY: {
    value: 'another-key',
    observe: async (environment) =>
      (await heard('PARTOO_BASE_URL', '/v2', SENT)({ PARTOO_API_KEY: 'key', ...environment }))?.['x-apikey'],
    without: 'key',
    with: 'another-key',
  },
  PARTOO_ENVIRONMENT: {
    value: 'sandbox',
    beside: PARTOO,
    observe: hostOf({ invitationId: 'x' }),
    without: 'api.partoo.co',
    with: 'api.sandbox.partoo.co',
  },
  PARTOO_BASE_URL: {
    value: 'http://127.0.0.1:8080/v2',
    beside: PARTOO,
    observe: hostOf({ invitationId: 'x' }),
    without: 'api.partoo.co',
    with: '127.0.0.1:8080',
  },
  PARTOO_ACCOUNT: { value: 'main', observe: accountOf('PARTOO'), without: false, with: true },
  PARTOO_QUOTA: { value: '30/60s', observe: quotaLimit('PARTOO'), without: 270, with: 30 },
  CRONOFY_CLIENT_SECRET: {
    value: 'another-secret',
    observe: async (environment) =>
      (await heard('CRONOFY_BASE_URL', '', INVITE)({ CRONOFY_CLIENT_SECRET: 'secret', ...environment }))?.authorization,
    without: 'Bearer secret',
    with: 'Bearer another-secret',
  },
  CRONOFY_DATA_CENTER: {
    value: 'de',
    beside: CRONOFY,
    observe: hostOf({ smartInviteId: 'x', recipientEmail: null }),
    without: 'api.cronofy.com',
    with: 'api-de.cronofy.com',
  },
  CRONOFY_BASE_URL: {
    value: 'http://127.0.0.1:8080',
    beside: CRONOFY,
    observe: hostOf({ smartInviteId: 'x', recipientEmail: null }),
    without: 'api.cronofy.com',
    with: '127.0.0.1:8080',
  },
  CRONOFY_ACCOUNT: { value: 'main', observe: accountOf('CRONOFY'), without: false, with: true },
  CRONOFY_QUOTA: { value: '10/1s', observe: quotaLimit('CRONOFY'), without: 45, with: 10 },
  HTTPS_PROXY: { value: 'http://127.0.0.1:<port>', observe: isProxied, without: false, with: true },
  NO_PROXY: {
    value: 'provider.example',
    beside: { HTTPS_PROXY: 'http://127.0.0.1:<port>' },
    observe: isProxied,
    without: true,
    with: false,
  },
  FAIR_RESERVE: {
    value: '0.9',
    beside: { PARTOO_QUOTA: '20/60s' },
    observe: goesBeyondShare,
    without: true,
    with: false,
  },
};
