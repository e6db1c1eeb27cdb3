// Secrets out of files, as containers mount them: NAME_FILE in place of NAME.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { REDIS_URL_FORMS } from '../../src/redis/address.ts';
import { KNOWN, SECRETS } from '../../src/settings/known.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { Secret } from '../../src/upstream/secret.ts';
import { endRuns, MAIN, run, startGateway } from '../process.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(endRuns);

/** @returns its path. */
function fileWith(content: string): string {
  const path = join(folder, String(Math.random()));
  writeFileSync(path, content);
  return path;
}

describe('a gateway with its secrets in files', () => {
  /** A provider that notes the headers of its calls. */
  async function startProvider() {
    const calls: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      calls.push(request.headers);
      response.end(JSON.stringify({ invitation_id: 'r', status: 'SENT' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { calls, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
  }

  async function ask(origin: string, query: string): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${origin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    return response.json();
  }

  test('authenticates with both providers by the files, without the white space around the secrets', async () => {
    const provider = await startProvider();
    try {
      const { origin } = await startGateway({
        PARTOO_API_KEY_FILE: fileWith('\n partoo-key\r\n'),
        PARTOO_BASE_URL: `${provider.origin}/v2`,
        CRONOFY_CLIENT_SECRET_FILE: fileWith('new-secret,old-secret\n'),
        CRONOFY_BASE_URL: provider.origin,
      });
      expect(await ask(origin, '{ reviewInvitation(invitationId: "r") { deliveryStatus } }')).toEqual({
        data: { reviewInvitation: { deliveryStatus: 'SENT' } },
      });
      await ask(origin, '{ smartInvite(smartInviteId: "i") { status } }');
      expect(provider.calls).toMatchObject([{ 'x-apikey': 'partoo-key' }, { authorization: 'Bearer new-secret' }]);
    } finally {
      provider.stop();
    }
  });

  test('connects to Redis by the file', async () => {
    const listener = createListener((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const connected = once(listener, 'connection');
    try {
      const url = `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`;
      run(MAIN, { PORT: '0', SANDBOX: 'off', PROCESSES: '2', REDIS_URL_FILE: fileWith(`${url}\n`) });
      await connected;
    } finally {
      listener.close();
    }
  });

  test('starts the sandbox where it is on, with the secrets of the sandbox', async () => {
    const { stdout } = await startGateway({ SANDBOX: 'on', PARTOO_API_KEY_FILE: fileWith('partoo-key') });
    expect(stdout()).toMatch(/sandbox/i);
  });
});

describe('a start fails and names the variable', () => {
  test.each<[string, () => Record<string, string>, string]>([
    [
      'for a file that is not there',
      () => ({ PARTOO_API_KEY_FILE: join(folder, 'none') }),
      'PARTOO_API_KEY_FILE must name a file that can be read',
    ],
    [
      'for a folder',
      () => ({ CRONOFY_CLIENT_SECRET_FILE: folder }),
      'CRONOFY_CLIENT_SECRET_FILE must name a file that can be read',
    ],
    [
      'for an empty file',
      () => ({ REDIS_URL_FILE: fileWith('') }),
      'REDIS_URL_FILE must name a file that is not empty',
    ],
    [
      'for a file of white space',
      () => ({ PARTOO_API_KEY_FILE: fileWith(' \n\t\n') }),
      'PARTOO_API_KEY_FILE must name a file that is not empty',
    ],
    [
      'for a secret that is set twice',
      () => ({ PARTOO_API_KEY: 'sk_one', PARTOO_API_KEY_FILE: fileWith('sk_two') }),
      'PARTOO_API_KEY_FILE must not be set together with PARTOO_API_KEY',
    ],
    [
      'for content that is no credential',
      () => ({ CRONOFY_CLIENT_SECRET_FILE: fileWith('sk_a sk_b') }),
      'CRONOFY_CLIENT_SECRET_FILE names a file whose content must be the credential alone: visible ASCII characters, no space',
    ],
    [
      'for content that is no URL of Redis',
      () => ({ REDIS_URL_FILE: fileWith('http://sk_a@redis.example') }),
      `REDIS_URL_FILE names a file whose content must be ${REDIS_URL_FORMS}`,
    ],
  ])('%s', async (_, environment, line) => {
    const { ended, stdout, stderr } = run(MAIN, environment());
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(stderr()).toBe(`The settings are not right:\n  ${line}\n`);
    expect(stdout()).toBe('');
  });
});

test('an empty path counts as not set', () => {
  const environment = { PARTOO_API_KEY: 'key', PARTOO_API_KEY_FILE: '', REDIS_URL_FILE: '' };
  expect(readSettings(environment)).toMatchObject({ accounts: [{ provider: 'PARTOO' }], redisUrl: null });
});

test('a variable that is set to an empty text may have a file', () => {
  expect(readSettings({ PARTOO_API_KEY: '', PARTOO_API_KEY_FILE: fileWith('key') }).accounts).toHaveLength(1);
});

const TEXTS: Readonly<Record<string, string>> = {
  HTTPS_PROXY: 'http://127.0.0.1:1',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=one, x-other=two',
};

test.each(SECRETS)('%s is the same by file as by itself', (name) => {
  // Long enough for a secret that signs.
  const text = TEXTS[name] ?? 'redis://redis.internal.example.com:1';
  const shown = (environment: Environment) => {
    const { accounts, redisUrl, proxy, access, traces } = readSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      ...environment,
    });
    return {
      ids: accounts.map(({ id }) => id),
      redisUrl: redisUrl?.reveal(),
      proxy: proxy?.url.reveal(),
      signing: access?.authority?.secrets.map((secret) => secret.reveal()),
      headers: traces?.headers.map(([header, secret]) => [header, secret.reveal()]),
    };
  };
  expect(shown({ [`${name}_FILE`]: fileWith(`${text}\n`) })).toEqual(shown({ [name]: text }));
  expect(shown({ [name]: text })).not.toEqual(shown({}));
});

test('every setting that becomes a Secret is marked as a secret', () => {
  const samples = ['x', 'x'.repeat(32), 'redis://x', 'https://x.example', 'https://x.example/v2', '1', 'on', 'x=y'];
  const becomeSecret = [...KNOWN].filter(([, schema]) =>
    samples.some((sample) => {
      const { data } = z.safeParse(schema, sample);
      return [data].flat().some((value) => value instanceof Secret);
    }),
  );
  expect(becomeSecret.map(([name]) => name).toSorted()).toEqual(SECRETS.toSorted());
  expect(SECRETS).toEqual(
    expect.arrayContaining(['AUTH_JWT_SECRET', 'PARTOO_API_KEY', 'CRONOFY_CLIENT_SECRET', 'REDIS_URL', 'HTTPS_PROXY']),
  );
});
