// What befalls gateway processes that share an account and a Redis: Redis fails for all of them, or for one alone, or a
// process does.

import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../redis/server.ts';
import type { GatewayProcess } from './gateways.ts';

export interface World {
  readonly gateways: readonly GatewayProcess[];
  /** The Redis that the processes are led to. */
  redis: RedisServer;
  /** It knows what the other one has told it. */
  replica: RedisServer;
  between(low: number, high: number): number;
}

export interface Fault {
  /** Redis fails for one process alone, which then adds its share. */
  readonly isOfOne: boolean;
  run(world: World): Promise<string>;
}

export const portOf = ({ url }: RedisServer) => Number(new URL(url).port);
const any = ({ gateways, between }: World) => gateways[Math.floor(between(0, gateways.length))] as GatewayProcess;

export const FAULT_KINDS = {
  'Redis is stopped and goes on': {
    isOfOne: false,
    async run({ redis, between }) {
      const forMs = between(300, 5_000);
      redis.pause();
      await sleep(forMs);
      redis.resume();
      return `for ${Math.round(forMs)} ms`;
    },
  },
  'Redis is killed and started, empty': {
    isOfOne: false,
    async run({ redis, between }) {
      const forMs = between(0, 5_000);
      await redis.kill();
      await sleep(forMs);
      await redis.restart();
      return `after ${Math.round(forMs)} ms`;
    },
  },
  'Redis fails over to a replica': {
    isOfOne: false,
    async run(world) {
      const { redis, replica, gateways } = world;
      await replica.command('REPLICAOF', 'NO', 'ONE');
      for (const { toRedis } of gateways) {
        toRedis.target = portOf(replica);
        toRedis.cut(true);
        toRedis.cut(false);
      }
      await redis.command('REPLICAOF', '127.0.0.1', portOf(replica));
      world.redis = replica;
      world.replica = redis;
      return '';
    },
  },
  'Redis is emptied': {
    isOfOne: false,
    async run({ redis }) {
      await redis.command('FLUSHALL');
      return '';
    },
  },
  'a process is stopped and goes on': {
    // It has its messages still to read, and does not take Redis for lost because of its own absence.
    isOfOne: false,
    async run(world) {
      const gateway = any(world);
      const forMs = world.between(100, 4_000);
      gateway.suspend();
      await sleep(forMs);
      gateway.resume();
      return `for ${Math.round(forMs)} ms`;
    },
  },
  'a process is killed and started': {
    isOfOne: false,
    async run(world) {
      const gateway = any(world);
      await gateway.kill();
      await sleep(world.between(0, 2_000));
      await gateway.start();
      return '';
    },
  },
  'Redis is far from one process': {
    isOfOne: false,
    async run(world) {
      const gateway = any(world);
      const delayMs = world.between(1, 20);
      gateway.toRedis.delayMs = delayMs;
      await sleep(world.between(2_000, 6_000));
      gateway.toRedis.delayMs = 0;
      return `${Math.round(delayMs)} ms each way`;
    },
  },
  'one process is cut off from Redis': {
    isOfOne: true,
    async run(world) {
      const gateway = any(world);
      const forMs = world.between(500, 6_000);
      gateway.toRedis.cut(true);
      await sleep(forMs);
      gateway.toRedis.cut(false);
      return `for ${Math.round(forMs)} ms`;
    },
  },
  'a process starts and does not reach Redis': {
    isOfOne: true,
    async run(world) {
      const gateway = any(world);
      const forMs = world.between(1_000, 6_000);
      await gateway.kill();
      gateway.toRedis.cut(true);
      await gateway.start();
      gateway.rate = 20;
      await sleep(forMs);
      gateway.toRedis.cut(false);
      return `for ${Math.round(forMs)} ms`;
    },
  },
} satisfies Readonly<Record<string, Fault>>;

export type FaultKind = keyof typeof FAULT_KINDS;
