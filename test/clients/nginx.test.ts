// A subscription through nginx as it comes: default settings of a proxy, which buffers answers and speaks HTTP/1.0.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { accept, LIVE, LIVE_VARIABLES } from './gateway.ts';

const NGINX = process.env.NGINX_PATH ?? '/usr/sbin/nginx';

let gateway: TestGateway;
let folder: string;
let nginx: ChildProcess;
let origin: string;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

function configurationOf(port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr;
worker_processes 1;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${gateway.origin}; }
  }
}
`;
}

beforeAll(async () => {
  if (!existsSync(NGINX)) throw new Error(`There is no nginx at ${NGINX}: install it, or name it in NGINX_PATH.`);
  gateway = await startTestGateway();
  folder = await mkdtemp(join(tmpdir(), 'invitation-gateway-nginx-'));
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), configurationOf(port));
  nginx = spawn(NGINX, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  let said = '';
  nginx.stderr?.on('data', (text) => {
    said += text;
  });
  origin = `http://127.0.0.1:${port}`;
  await vi.waitUntil(
    async () => {
      if (nginx.exitCode !== null) throw new Error(`nginx did not start: ${said}`);
      return fetch(`${origin}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    { timeout: 10_000 },
  );
});

afterAll(async () => {
  if (nginx?.exitCode === null) {
    const exited = once(nginx, 'exit');
    nginx.kill('SIGQUIT');
    await gateway.stop();
    nginx.kill('SIGTERM');
    await exited;
  } else {
    await gateway?.stop();
  }
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('a subscription through nginx gives the current state, and a change while it stays open', async () => {
  const client = createClient({ url: `${origin}/graphql`, retryAttempts: 0 });
  const events = client.iterate({ query: LIVE, variables: LIVE_VARIABLES });
  expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'PENDING' } });
  accept(gateway);
  expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'ACCEPTED' } });
  await events.return?.();
});

test('a subscription through nginx completes for the client when the gateway completes it', async () => {
  const client = createClient({ url: `${origin}/graphql`, retryAttempts: 0 });
  const refs = [{ reviewInvitation: { invitationId: 'review-delivered' } }];
  const events = client.iterate({ query: LIVE, variables: { refs } });
  expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'DELIVERED' } });
  expect((await events.next()).done).toBe(true);
});
