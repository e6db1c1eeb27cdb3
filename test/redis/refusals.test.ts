// A Redis that answers and refuses: whatever the reason, it does not count as up, the reason is told once, and it counts
// as up again when it does what is needed.

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createRedis, type SharedRedis } from '../../src/redis/redis.ts';
import { createScript } from '../../src/redis/script.ts';
import { withoutDelays } from './pair.ts';
import { type RedisServer, type RedisSettings, startRedisServer } from './server.ts';

const servers: RedisServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(...settings: RedisSettings): Promise<RedisServer> {
  const server = await startRedisServer(settings);
  servers.push(server);
  return server;
}

interface Connection {
  readonly redis: SharedRedis;
  /** What was told of its state, in order; undefined where it can be used. */
  readonly told: (string | undefined)[];
}

function connect(url: string): Connection {
  const told: (string | undefined)[] = [];
  const redis = createRedis(url, (reason) => void told.push(reason));
  onTestFinished(() => redis.close());
  return { redis, told };
}

const untilUp = ({ redis }: Connection) => vi.waitUntil(() => redis.isUp());
const untilTold = ({ told }: Connection, reason: string) => vi.waitUntil(() => told.includes(reason), 10_000);

/** Until it refuses every command in that way. */
const untilAnswered = (server: RedisServer, code: string) =>
  vi.waitUntil(async () => (await server.command('GET', 'any').then(String, String)).includes(code));

describe('at the start', () => {
  const USER = 'user gateway on >pw ~gateway:* &gateway:*';
  test.each<[string, RedisSettings, string, string]>([
    ['a wrong password', ['requirepass right'], ':sk_wrong@', 'not authenticated'],
    ['no password where one is wanted', ['requirepass right'], '', 'not authenticated'],
    ['a user without scripts', [`${USER} +@all -@scripting`], 'gateway:pw@', 'no permission'],
    ['a user without channels', ['user gateway on >pw ~gateway:* resetchannels +@all'], 'gateway:pw@', 'no permission'],
    ['a user with other keys', ['user gateway on >pw ~other:* &* +@all'], 'gateway:pw@', 'no permission'],
    ['a user who may not publish', [`${USER} +@all -publish`], 'gateway:pw@', 'no permission'],
    ['a user who may not subscribe', [`${USER} +@all -subscribe`], 'gateway:pw@', 'no permission'],
    ['a user whose scripts may not write', [`${USER} +@all -set`], 'gateway:pw@', 'no permission'],
    ['no memory left', ['maxmemory 1', 'maxmemory-policy noeviction'], '', 'out of memory'],
    ['a cluster that has no slots yet', ['cluster-enabled yes'], '', 'cluster down'],
    ['a replica', ['replicaof 127.0.0.1 1'], '', 'read-only'],
    [
      'a replica that has lost its primary, and takes writes',
      ['replicaof 127.0.0.1 1', 'replica-read-only no', 'replica-serve-stale-data no'],
      '',
      'no primary',
    ],
    ['fewer replicas than there have to be', ['min-replicas-to-write 1'], '', 'too few replicas'],
    ['scripts that have another name', ['rename-command EVALSHA ""'], '', 'unknown command'],
  ])('%s', async (_, settings, credentials, reason) => {
    const server = await start(...settings);
    const connection = connect(`redis://${credentials}127.0.0.1:${server.port}`);
    await untilTold(connection, reason);
    expect(connection.redis.isUp()).toBe(false);
    const command = vi.fn(() => Promise.resolve('asked'));
    expect(await connection.redis.ask(command)).toBeUndefined();
    expect(command).not.toHaveBeenCalled();
    expect(withoutDelays(connection.told)).toEqual([reason]);
  });

  test('a database that does not exist: no other one is used', async () => {
    const server = await start();
    const connection = connect(`${server.url}/99`);
    await untilTold(connection, 'no such database');
    expect(withoutDelays(connection.told)).toEqual(['no such database']);
  });

  test('a script that does not end: Redis is used once the script has been killed', async () => {
    const server = await start('busy-reply-threshold 1');
    void server.command('EVAL', 'while true do end', 0).catch(() => undefined);
    await vi.waitUntil(() =>
      server
        .command('PING')
        .then(String, String)
        .then((text) => text.includes('BUSY')),
    );
    const connection = connect(server.url);
    await untilTold(connection, 'busy with a script');
    await server.command('SCRIPT', 'KILL');
    await untilUp(connection);
    expect(withoutDelays(connection.told)).toEqual(['busy with a script', undefined]);
  });

  test('a server that loads its data: Redis is used once it has loaded them', async () => {
    const server = await start(
      'enable-debug-command yes',
      'rdbcompression no',
      'loading-process-events-interval-bytes 1024',
    );
    await server.command('DEBUG', 'POPULATE', 300, 'other', 500);
    // Until the delay, in microseconds a key, is taken away again.
    await server.command('CONFIG', 'SET', 'key-load-delay', 10_000);
    await server.command('SAVE');
    const reloaded = server.command('DEBUG', 'RELOAD', 'NOSAVE');
    await untilAnswered(server, 'LOADING');
    const connection = connect(server.url);
    await untilTold(connection, 'loading');
    await reloaded;
    await untilUp(connection);
    expect(connection.told.at(-1)).toBeUndefined();
  });
});

describe('while it is used', () => {
  async function startUp(...settings: RedisSettings): Promise<{ server: RedisServer; connection: Connection }> {
    const server = await start(...settings);
    const connection = connect(server.url);
    await untilUp(connection);
    return { server, connection };
  }

  /** Commands as a gateway has them all the time, so that a refusal is met. */
  function keepWriting({ redis }: Connection): void {
    const timer = setInterval(() => void redis.ask((client) => client.set('gateway:test:key', '1', 'PX', 1_000)), 10);
    onTestFinished(() => clearInterval(timer));
  }

  test.each<[string, string, (string | number)[], (string | number)[]]>([
    ['memory runs out', 'out of memory', ['CONFIG', 'SET', 'maxmemory', 1], ['CONFIG', 'SET', 'maxmemory', 0]],
    [
      'replicas are lost',
      'too few replicas',
      ['CONFIG', 'SET', 'min-replicas-to-write', 1],
      ['CONFIG', 'SET', 'min-replicas-to-write', 0],
    ],
    ['it becomes a replica', 'read-only', ['REPLICAOF', '127.0.0.1', 1], ['REPLICAOF', 'NO', 'ONE']],
    [
      'the user is restricted',
      'no permission',
      ['ACL', 'SETUSER', 'default', '-set'],
      ['ACL', 'SETUSER', 'default', '+set'],
    ],
  ])('%s: the reason is reported once, and once when it is over', async (_, reason, spoil, mend) => {
    const { server, connection } = await startUp();
    const onRecovered = vi.fn();
    connection.redis.onRecovered(onRecovered);
    keepWriting(connection);
    const [name = '', ...args] = spoil.map(String);
    await server.command(name, ...args);
    await vi.waitUntil(() => !connection.redis.isUp());
    // Some trials, and new connections where those might help.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(withoutDelays(connection.told)).toEqual([undefined, reason]);
    expect(onRecovered).not.toHaveBeenCalled();
    const [back = '', ...backArgs] = mend.map(String);
    await server.command(back, ...backArgs);
    await untilUp(connection);
    expect(withoutDelays(connection.told)).toEqual([undefined, reason, undefined]);
    expect(onRecovered).toHaveBeenCalledOnce();
  });

  test('a refusal that no trial meets is not forgotten by a trial that passes', async () => {
    const { server, connection } = await startUp();
    await server.command('ACL', 'SETUSER', 'default', '-zadd');
    const { redis, told } = connection;
    const add = createScript(`return redis.call('ZADD', KEYS[1], 1, 'a')`);
    let refused = 0;
    const until = performance.now() + 6_000;
    while (performance.now() < until) {
      const answer = await redis.ask((client) => {
        refused += 1;
        return add(client, ['gateway:test:set'], []);
      });
      expect(answer).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // After two seconds, and four more.
    expect(refused).toBeLessThanOrEqual(3);
    expect(told.filter((reason) => reason === 'no permission').length).toBe(refused);
  });

  test('a value of another type under a key is reported to that command alone, and Redis stays in use', async () => {
    const { server, connection } = await startUp();
    const { redis, told } = connection;
    await server.command('RPUSH', 'gateway:test:key', 'other');
    const onRefusal = vi.fn();
    expect(await redis.ask((client) => client.get('gateway:test:key'), onRefusal)).toBeUndefined();
    expect(onRefusal).toHaveBeenCalledOnce();
    const script = createScript(`return redis.call('GET', KEYS[1])`);
    expect(await redis.ask((client) => script(client, ['gateway:test:key'], []), onRefusal)).toBeUndefined();
    expect(onRefusal).toHaveBeenCalledTimes(2);
    expect(redis.isUp()).toBe(true);
    expect(withoutDelays(told)).toEqual([undefined]);
  });

  test('a refusal of all commands is not reported as a wrong value of one key', async () => {
    const { server, connection } = await startUp();
    await server.command('ACL', 'SETUSER', 'default', '-get');
    const onRefusal = vi.fn();
    expect(await connection.redis.ask((client) => client.get('gateway:test:key'), onRefusal)).toBeUndefined();
    expect(onRefusal).not.toHaveBeenCalled();
    expect(withoutDelays(connection.told)).toEqual([undefined, 'no permission']);
  });
});

describe('channels that are refused', () => {
  test('are subscribed to once they are allowed, and the missed messages are reported', async () => {
    const server = await start('user gateway on >pw ~gateway:* resetchannels +@all');
    const connection = connect(`redis://gateway:pw@127.0.0.1:${server.port}`);
    const [onMessage, onMissed] = [vi.fn(), vi.fn()];
    await connection.redis.listen('gateway:test:channel', onMessage, onMissed);
    await untilTold(connection, 'no permission');
    await server.command('ACL', 'SETUSER', 'gateway', '&gateway:*');
    await untilUp(connection);
    expect(onMissed).toHaveBeenCalled();
    await server.command('PUBLISH', 'gateway:test:channel', 'news');
    await vi.waitUntil(() => onMessage.mock.calls.length > 0);
    expect(onMessage).toHaveBeenCalledExactlyOnceWith('news');
  });
});
