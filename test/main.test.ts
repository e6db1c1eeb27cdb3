// The process as its operator meets it: environment in; banner, answers and exit codes out.

import { once } from 'node:events';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { endRuns, MAIN, PATIENCE_MS, run, SANDBOX, startGateway } from './process.ts';

afterEach(endRuns);

function post(origin: string, query: string): Promise<Response> {
  return fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
}

const REVIEW = '{ reviewInvitation(invitationId: "review-delivered") { deliveryStatus } }';

describe('without any key', () => {
  test('the process starts with the sandbox, prints so, and answers', async () => {
    const { origin, stdout } = await startGateway({});
    expect(stdout()).toMatch(/sandbox/i);
    const response = await post(
      origin,
      `{ smartInvite(smartInviteId: "board-meeting") { status } review: ${REVIEW.slice(2)}`,
    );
    expect(await response.json()).toEqual({
      data: { smartInvite: { status: 'DECLINED' }, review: { deliveryStatus: 'DELIVERED' } },
    });
  });

  test('the process is alive', async () => {
    const { origin } = await startGateway({});
    const response = await fetch(`${origin}/health`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"status":"alive"}');
  });

  test('the process in production starts no sandbox, and answers with what is not configured', async () => {
    const { origin, stdout } = await startGateway({ NODE_ENV: 'production' });
    expect(stdout()).not.toMatch(/sandbox/i);
    expect(await (await post(origin, '{ providers { isConfigured } }')).json()).toEqual({
      data: { providers: [{ isConfigured: false }, { isConfigured: false }] },
    });
    expect(await (await post(origin, REVIEW)).json()).toMatchObject({
      data: { reviewInvitation: null },
      errors: [{ path: ['reviewInvitation'], extensions: { code: 'PROVIDER_NOT_CONFIGURED', provider: 'PARTOO' } }],
    });
  });
});

describe('in production', () => {
  const seen = async (environment: Record<string, string>) => {
    const { origin, stdout } = await startGateway({ NODE_ENV: 'production', ...environment });
    const page = await fetch(`${origin}/graphql`, { headers: { accept: 'text/html' } });
    const { errors } = await (await post(origin, '{ __schema { queryType { nam } } }')).json();
    const introspection = await (await post(origin, '{ __schema { queryType { name } } }')).json();
    return {
      page: page.status,
      isOffered: stdout().includes('GraphiQL'),
      suggests: /did you mean/i.test(errors[0].message),
      introspection: introspection.errors?.[0].extensions.code ?? introspection.data.__schema.queryType.name,
    };
  };

  test('GraphiQL, introspection and suggestions are off', async () => {
    expect(await seen({})).toEqual({ page: 406, isOffered: false, suggests: false, introspection: 'FORBIDDEN' });
  });

  test('they are on where they are set so, and in the sandbox', async () => {
    const on = { page: 200, isOffered: true, suggests: true, introspection: 'Query' };
    expect(await seen({ GRAPHIQL: 'on', INTROSPECTION: 'on' })).toEqual(on);
    expect(await seen({ NODE_ENV: 'development' })).toEqual(on);
  });
});

describe('the banner', () => {
  const WARNING = /Anyone who reaches it reads everything/;
  const KEY = { PARTOO_API_KEY: 'key' };
  const SECRET = { AUTH_JWT_SECRET: 'a-secret-that-only-tests-know-0123456789' };

  test.each<[string, Record<string, string>, boolean]>([
    ['with real accounts and no keys, on loopback', KEY, true],
    ['with real accounts in production, where AUTH is off', { ...KEY, NODE_ENV: 'production', AUTH: 'off' }, true],
    ['where AUTH is off in spite of keys', { ...KEY, ...SECRET, AUTH: 'off' }, true],
    ['with real accounts and a secret', { ...KEY, ...SECRET }, false],
    ['in the sandbox', {}, false],
    ['in the sandbox with a secret', SECRET, false],
    ['without any account', { NODE_ENV: 'production' }, false],
  ])('%s says who reads everything, or does not', async (_, environment, isWarned) => {
    const { stdout } = await startGateway(environment);
    expect(WARNING.test(stdout())).toBe(isWarned);
    expect(stdout()).not.toContain(SECRET.AUTH_JWT_SECRET);
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['the sandbox with a secret', SECRET, true],
    ['the sandbox without one', {}, false],
    ['the sandbox where AUTH is off', { ...SECRET, AUTH: 'off' }, false],
    ['real accounts', { ...KEY, ...SECRET }, false],
  ])('of %s says how to get a token to try, or does not', async (_, environment, isTold) => {
    expect((await startGateway(environment)).stdout().includes('npm run token')).toBe(isTold);
  });

  test('of the sandbox with keys that are set says that they are not used', async () => {
    const one = (await startGateway({ SANDBOX: 'on', ...KEY })).stdout();
    expect(one).toContain('SANDBOX is on: all are imitated on this machine, and what is set for PARTOO is not used');
    expect(one).not.toContain('no key is set');
    const both = (await startGateway({ SANDBOX: 'on', ...KEY, CRONOFY_CLIENT_SECRET: 's' })).stdout();
    expect(both).toContain('what is set for CRONOFY and PARTOO is not used');
    expect((await startGateway({ SANDBOX: 'on' })).stdout()).toContain('no key is set');
  });
});

describe('the admin port', () => {
  const bannerOf = async (environment: Record<string, string>) => (await startGateway(environment)).stdout();
  const NAMED = /^Metrics for operators: (http:\/\/127\.0\.0\.1:\d+)\/metrics$/m;

  test('is a free one in the sandbox, which the banner names, and is there', async () => {
    const origin = NAMED.exec(await bannerOf({}))?.[1];
    expect((await fetch(`${origin}/health`)).status).toBe(200);
  });

  test('is off with real accounts, unless it is set', async () => {
    expect(await bannerOf({ PARTOO_API_KEY: 'key' })).not.toMatch(NAMED);
    expect(await bannerOf({ PARTOO_API_KEY: 'key', ADMIN_PORT: '0' })).toMatch(NAMED);
  });

  test('that other machines reach is told of, at the start and by the check', async () => {
    const { stdout } = await startGateway({ ADMIN_HOST: '0.0.0.0' });
    expect(stdout()).toContain('ADMIN_HOST lets other machines reach the admin port');
    expect(await bannerOf({})).not.toContain('ADMIN_HOST');
    const checked = run(MAIN, { ADMIN_HOST: '0.0.0.0', ADMIN_PORT: '9100' }, '--check');
    expect((await checked.ended).code).toBe(0);
    expect(checked.stdout()).toContain('ADMIN_HOST lets other machines reach the admin port');
  });

  test('that is in use fails the start, by its own name', async () => {
    const listener = createListener().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const { ended, stderr } = run(MAIN, { PORT: '0', ADMIN_PORT: String(port) });
    expect((await ended).code).toBe(1);
    listener.close();
    expect(stderr()).toBe('The port is in use: set ADMIN_PORT to another one, or end what listens there.\n');
  });
});

test('the sandbox starts where the gateway listens beyond the machine, too', async () => {
  const { stdout, stderr } = run(MAIN, { HOST: '0.0.0.0', PORT: '0' });
  await vi.waitFor(() => expect(stdout() + stderr()).toMatch(/listens on http:\/\/0\.0\.0\.0:\d+/), PATIENCE_MS);
  expect(stdout()).toContain('Providers: the sandbox');
});

describe('a start that fails', () => {
  test('for wrong settings names all of them, shows none of their values, and ends with 1', async () => {
    const { ended, stdout, stderr } = run(MAIN, { PORT: 'abc', PARTOO_BASE_URL: 'ftp://x', LOG_LEVEL: 'loud' });
    expect(await ended).toEqual({ code: 1, signal: null });
    for (const name of ['PORT', 'PARTOO_BASE_URL', 'LOG_LEVEL']) expect(stderr()).toContain(name);
    for (const value of ['abc', 'ftp:', 'loud']) expect(stdout() + stderr()).not.toContain(value);
    expect(stderr()).not.toMatch(/^\s+at /m);
  });

  test('for a port in use says which setting to change, and ends with 1', async () => {
    const listener = createListener().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    try {
      const { port } = listener.address() as AddressInfo;
      const { ended, stderr } = run(MAIN, { PORT: String(port) });
      expect(await ended).toEqual({ code: 1, signal: null });
      expect(stderr()).toMatch(/port is in use.*PORT/i);
      expect(stderr()).not.toMatch(/^\s+at /m);
    } finally {
      listener.close();
    }
  });

  test.each([
    ['an address of another machine', '192.0.2.1', /^HOST is no address of this machine: .*0\.0\.0\.0/],
    ['a name that leads nowhere', 'gateway.invalid', /^HOST is a name.*: set it to an address of this machine/],
    ['an address without its interface', 'fe80::1', /^HOST is an address that only has a meaning with its interface/],
  ])('for %s as HOST says so in a sentence, and ends with 1', async (_, HOST, said) => {
    const { ended, stderr } = run(MAIN, { HOST, PORT: '0' });
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(stderr().trimEnd().split('\n')).toEqual([expect.stringMatching(said)]);
  });
});

test('the sandbox starts alone, prints curl commands that work, and ends on SIGTERM with 0', async () => {
  const { child, ended, stdout } = run(SANDBOX, {}, '--partoo-port', '0', '--cronofy-port', '0');
  const lines = await vi.waitFor(() => {
    const found = [...stdout().matchAll(/^\s*curl -H '([^:']+): ([^']+)' '([^']+)'$/gm)];
    expect(found).toHaveLength(2);
    return found;
  }, PATIENCE_MS);
  const answers = [];
  for (const [, header = '', value = '', url = ''] of lines) {
    const response = await fetch(url, { headers: { [header]: value } });
    expect(response.status).toBe(200);
    answers.push(await response.json());
  }
  expect(answers).toMatchObject([
    { invitation_id: 'review-moving-1', status: 'CREATED' },
    { smart_invite_id: 'board-meeting', recipient: { status: 'declined' } },
  ]);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
});
