// The calls of an account as Redis keeps them for all processes, by its own clock: scripts, and the messages in which
// processes hear of each other's calls. A process that knows of more calls than Redis (it was emptied, or a replica took
// over that had not heard of the last ones) tells it before it takes the next one.

import type { SharedRedis } from '../redis/redis.ts';
import { longestOf, partOf, type QuotaWindow } from './quota-window.ts';
import { CLOSE, MOVE, SYNC, TAKE } from './redis-scripts.ts';
import { INSISTENT_SHARE, type Spread } from './shares.ts';

/** A call as processes tell each other of it. */
export interface SharedCall {
  /** Process, number, kind and caller in one text: unique. */
  readonly name: string;
  /** How long ago it was made, in milliseconds. */
  readonly ageMs: number;
}

/** Who is served before whom: 0 below its share, 1 above it, 2 what does not wait. */
export type Rank = 0 | 1 | 2;

export interface WantedCall {
  readonly name: string;
  readonly rank: Rank;
  /** For how long it would wait, in milliseconds. */
  readonly patienceMs: number;
  /** How it is spread over each window. */
  readonly spread: readonly Spread[];
}

/** What Redis says to a process that wants calls. */
export type Answer =
  | { readonly taken: number; readonly delayMs: number }
  /** It knows of fewer calls than this process does. */
  | 'behind';

export interface RedisCalls {
  /**
   * Takes calls, the first ones first, until one has to wait.
   * @param waitedMs How long the first one has waited.
   * @param known How many calls of the longest window this process knows of.
   * @returns undefined where Redis cannot be asked.
   */
  take(wanted: readonly WantedCall[], waitedMs: number, known: number): Promise<Answer | undefined>;
  /** Counts a call from now on that was taken and not made. @returns whether it could: Redis knows of it, and it is new enough. */
  move(name: string): Promise<boolean>;
  /**
   * Tells Redis of calls, and for how long the gate is closed.
   * @returns all the calls that Redis knows of, and for how long its gate is closed; undefined where it cannot be asked.
   */
  sync(
    calls: readonly SharedCall[],
    closedMs: number,
  ): Promise<{ calls: readonly SharedCall[]; closedMs: number } | undefined>;
  /** Closes the gate for so many milliseconds, or for longer where it is. */
  close(forMs: number): void;
  /** Told of what other processes do, and whenever messages may have been missed. */
  listen(listener: CallsListener): Promise<unknown>;
}

export interface CallsListener {
  calls(calls: readonly SharedCall[]): void;
  /** One that was taken before is made only now. */
  moved(name: string): void;
  closed(forMs: number): void;
  missed(): void;
}

export interface RedisCallsOptions {
  readonly redis: SharedRedis;
  /** The windows as they are now, with how many calls of each they get that are not below their share. */
  readonly windows: () => readonly LentWindow[];
  readonly accountId: string;
  /** Names this process. */
  readonly process: string;
}

export interface LentWindow extends QuotaWindow {
  readonly lent: number;
}

export function createRedisCalls({ redis, windows: windowsNow, accountId, process }: RedisCallsOptions): RedisCalls {
  // One hash tag: in a cluster, what one script touches lies on one server.
  const key = (name: string) => `gateway:{${accountId}}:${name}`;
  const keys = ['calls', 'gate', 'line', 'due', 'spread'].map(key);
  const [calls = '', gate = ''] = keys;
  const channel = key('calls');
  const longestMs = () => Math.ceil(longestOf(windowsNow()).windowMs);

  return {
    async take(wanted, waitedMs, known) {
      const windows = windowsNow();
      const half = partOf(longestOf(windows).limit, INSISTENT_SHARE);
      const bounds = windows.flatMap(({ limit, lent, windowMs }) => [limit, lent, Math.ceil(windowMs)]);
      const about = [channel, process, Math.round(waitedMs), known, half, windows.length, ...bounds];
      const each = wanted.flatMap(({ rank, name, patienceMs, spread }) => [
        rank,
        name,
        Math.floor(patienceMs),
        ...spread.flatMap(({ gapMs, burst }) => [Math.round(gapMs), Math.ceil(burst)]),
      ]);
      const answer = await redis.ask((client) => TAKE(client, keys, [...about, ...each]));
      if (!Array.isArray(answer)) return undefined;
      const [taken = 0, delayMs = 0] = answer.map(Number);
      return taken < 0 ? 'behind' : { taken, delayMs };
    },
    async move(name) {
      const shortestMs = Math.floor(Math.min(...windowsNow().map(({ windowMs }) => windowMs)));
      const about = [channel, process, longestMs(), shortestMs, name];
      const answer = await redis.ask((client) => MOVE(client, [calls], about));
      return Number(answer) === 1;
    },
    async sync(own, closedMs) {
      const about = [channel, process, longestMs(), Math.round(closedMs)];
      const each = own.flatMap(({ ageMs, name }) => [Math.round(ageMs), name]);
      const answer = await redis.ask((client) => SYNC(client, [calls, gate], [...about, ...each]));
      if (!Array.isArray(answer) || !Array.isArray(answer[1])) return undefined;
      return {
        closedMs: Number(answer[0]),
        calls: pairsOf(answer[1]).map(([name, age]) => ({ name, ageMs: Number(age) })),
      };
    },
    close(forMs) {
      redis.tell((client) => CLOSE(client, [gate], [channel, process, Math.ceil(forMs)]));
    },
    listen: (listener) => redis.listen(channel, (message) => hear(message, process, listener), listener.missed),
  };
}

function hear(message: string, process: string, listener: CallsListener): void {
  const [from, what, ...rest] = message.split(' ');
  if (from === process) return;
  if (what === 'closed') {
    const forMs = Number(rest[0]);
    if (forMs > 0 && forMs <= MAX_CLOSED_MS) listener.closed(forMs);
  } else if (what === 'moved') {
    listener.moved(`${rest[0]}`);
  } else if (what === 'calls') {
    listener.calls(pairsOf(rest).map(([age, name]) => ({ ageMs: Number(age), name })));
  }
}

/** Longest that a gate is closed, in milliseconds. */
const MAX_CLOSED_MS = 5 * 60_000;

function pairsOf(texts: readonly unknown[]): [string, string][] {
  return Array.from({ length: Math.floor(texts.length / 2) }, (_, n) => [`${texts[2 * n]}`, `${texts[2 * n + 1]}`]);
}
