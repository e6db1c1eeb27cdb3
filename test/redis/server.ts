// A real redis-server of the test's own: on a free port of loopback, keeping nothing, in a folder that goes with it. It
// can be treated badly, and comes back on the same port. Only the process that was started here is ever ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { freePort } from '../free-port.ts';
import { expectPrivateNames } from '../private.ts';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** What one command gives, over a connection of its own. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it anew on the same port, with nothing in it. */
  restart(): Promise<void>;
  /** Hangs it: it takes connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Lines of a configuration file. */
export type RedisSettings = readonly string[];

const BASE: RedisSettings = ['bind 127.0.0.1', 'loglevel notice'];
const KEEPS_NOTHING: RedisSettings = ['save ""', 'appendonly no'];

/**
 * @param settings Beside the usual ones.
 * @param isSentinel Whether it watches others.
 * @throws Error where there is no redis-server, or it does not start.
 */
export async function startRedisServer(settings: RedisSettings = [], isSentinel = false): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const file = join(folder, 'redis.conf');
  const own = [...BASE, ...(isSentinel ? [] : KEEPS_NOTHING), `port ${port}`, `dir ${folder}`, ...settings];
  await writeFile(file, own.join('\n'));
  const args = [file, ...(isSentinel ? ['--sentinel'] : [])];
  let child = await launch(args);

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    // It also ends one that is paused.
    child.kill('SIGKILL');
    await gone;
  }

  return {
    port,
    url,
    async command(name, ...args) {
      const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false });
      // The rejection tells the caller.
      client.on('error', () => undefined);
      try {
        await client.connect();
        return await client.call(name, ...args);
      } finally {
        client.disconnect();
      }
    },
    kill,
    async restart() {
      await kill();
      child = await launch(args);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      const names = await namesIn(url);
      await kill();
      await rm(folder, { recursive: true, force: true });
      expectPrivateNames(names);
    },
  };
}

/** Of keys and channels, as far as a server that a test has treated badly still tells. */
async function namesIn(url: string): Promise<readonly string[]> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    connectTimeout: 500,
    commandTimeout: 500,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return [...(await client.keys('gateway:*')), ...((await client.call('PUBSUB', 'CHANNELS')) as string[])];
  } catch {
    return [];
  } finally {
    client.disconnect();
  }
}

async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Error('These tests need a real redis-server: install it (Debian: apt-get install redis-server).')
          : error,
      ),
    );
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${lines.join('\n')}`)));
    // It is read to its end, or the pipe would fill up.
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (/Ready to accept connections|Sentinel ID is/.test(line)) resolve();
    });
  });
  return child;
}
