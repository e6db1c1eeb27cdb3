// The proxies that stand before a gateway, as Debian packs them: nginx and HAProxy, each a process of its own on loopback
// with a configuration of its own. A test fails where one is not installed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from './free-port.ts';

const NGINX = process.env.NGINX_PATH ?? '/usr/sbin/nginx';
const HAPROXY = process.env.HAPROXY_PATH ?? '/usr/sbin/haproxy';

export interface RunningProxy {
  readonly origin: string;
  stop(): Promise<void>;
}

/** @param location What stands in nginx's `location /`. */
export async function startNginx(location: string): Promise<RunningProxy> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return start(NGINX, 'NGINX_PATH', (folder, port) => ({
    configuration: `
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
    location / { ${location} }
  }
}
`,
    args: (path) => ['-e', 'stderr', '-p', folder, '-c', path],
  }));
}

/** @param configuration Its whole configuration, for the port that it is given. */
export async function startHaproxy(configuration: (port: number) => string): Promise<RunningProxy> {
  return start(HAPROXY, 'HAPROXY_PATH', (_, port) => ({
    configuration: configuration(port),
    args: (path) => ['-db', '-f', path],
  }));
}

interface Setup {
  readonly configuration: string;
  args(path: string): readonly string[];
}

/** Resolves when a gateway answers through it. */
async function start(
  program: string,
  variable: string,
  setUp: (folder: string, port: number) => Setup,
): Promise<RunningProxy> {
  if (!existsSync(program)) throw new Error(`There is no ${program}: install it, or name it in ${variable}.`);
  const folder = await mkdtemp(join(tmpdir(), 'invitation-gateway-proxy-'));
  const port = await freePort();
  const path = join(folder, 'proxy.conf');
  const { configuration, args } = setUp(folder, port);
  await writeFile(path, configuration);
  const child = spawn(program, args(path), { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (text) => {
      said += text;
    });
  }
  const origin = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const answers = async () => {
    if (hasEnded(child)) throw new Error(`${program} did not start: ${said}`);
    return fetch(`${origin}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  try {
    await vi.waitUntil(answers);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, stop };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
