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
