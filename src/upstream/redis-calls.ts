// The calls of an account as Redis keeps them for all processes, by its own clock: scripts, and the messages in which
// processes hear of each other's calls. A process that knows of more calls than Redis (it was emptied, or a replica took
// over that had not heard of the last ones) tells it before it takes the next one.

import { createHash } from 'node:crypto';
import type { SharedRedis } from '../redis/redis.ts';
import { createScript } from '../redis/script.ts';
import type { PaymentKind } from './payment.ts';
import { longestOf, partOf, type QuotaWindow } from './quota-window.ts';

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
  listen(listener: CallsListener): Promise<void>;
}

export interface CallsListener {
  calls(calls: readonly SharedCall[]): void;
  closed(forMs: number): void;
  missed(): void;
}

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

// KEYS: the calls, the gate, the line of processes that wait, and by when each has to come again. ARGV: channel, process,
// for how long its first call has waited, how many calls it knows of, how many calls may be taken by those who insist, how
// many windows, limit and part and length of each, then rank and name of each call.
const take = createScript(`${NOW}
for _, key in ipairs({ KEYS[1], KEYS[3], KEYS[4] }) do
  if redis.call('TYPE', key).ok ~= 'zset' then redis.call('DEL', key) end
end
local channel, process, waited, known, half = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local windows, longest, at = {}, 0, 7
for i = 1, tonumber(ARGV[6]) do
  windows[i] = { tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]) }
  if windows[i][3] > longest then longest = windows[i][3] end
  at = at + 3
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
if redis.call('ZCARD', KEYS[1]) < known then return { -1, 0 } end
for _, late in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now)) do
  redis.call('ZREM', KEYS[3], late)
  redis.call('ZREM', KEYS[4], late)
end
local closed = math.max(0, redis.call('PTTL', KEYS[2]))
local line = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')

-- Calls that are left to processes which have waited for longer.
local function ahead(rank, since)
  local count = 0
  for i = 1, #line, 2 do
    local other = tonumber(string.sub(line[i], 1, 1))
    if string.sub(line[i], 3) ~= process and (other < rank or (other == rank and tonumber(line[i + 1]) < since)) then
      count = count + 1
    end
  end
  return count
end

local function delayOf(rank, name, others)
  local delay = closed
  for _, window in ipairs(windows) do
    local usable = window[1]
    if rank ~= '0' then usable = window[2] end
    local from = '(' .. (now - window[3])
    local used = redis.call('ZCOUNT', KEYS[1], from, '+inf')
    if used + others >= usable then
      local blocking = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf', 'WITHSCORES', 'LIMIT', math.min(used + others - usable, used - 1), 1)
      local wait = 20
      if blocking[2] then wait = tonumber(blocking[2]) + window[3] - now end
      if wait > delay then delay = wait end
    end
  end
  if string.find(name, ':i:', 1, true) then
    local insistent = {}
    local calls = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
    for i = 1, #calls, 2 do
      if string.find(calls[i], ':i:', 1, true) then insistent[#insistent + 1] = tonumber(calls[i + 1]) end
    end
    if #insistent >= half then
      local wait = insistent[#insistent - half + 1] + longest - now
      if wait > delay then delay = wait end
    end
  end
  return delay
end

local taken = {}
local delay = 0
for i = at, #ARGV, 2 do
  local rank, name = ARGV[i], ARGV[i + 1]
  local place = rank .. ':' .. process
  local since = now - waited
  if rank ~= '2' then since = tonumber(redis.call('ZSCORE', KEYS[3], place) or since) end
  delay = delayOf(rank, name, ahead(tonumber(rank), since))
  if delay > 0 then
    if rank ~= '2' then
      redis.call('ZADD', KEYS[3], 'NX', since, place)
      redis.call('ZADD', KEYS[4], now + delay + 250, place)
      redis.call('PEXPIRE', KEYS[3], longest + 1000)
      redis.call('PEXPIRE', KEYS[4], longest + 1000)
    end
    break
  end
  redis.call('ZADD', KEYS[1], now, name)
  redis.call('ZREM', KEYS[3], place)
  redis.call('ZREM', KEYS[4], place)
  waited = 0
  taken[#taken + 1] = '0 ' .. name
end
if #taken > 0 then
  redis.call('PEXPIRE', KEYS[1], longest)
  redis.call('PUBLISH', channel, process .. ' calls ' .. table.concat(taken, ' '))
end
return { #taken, delay }
`);

// KEYS: the calls, and the gate. ARGV: channel, process, length of the longest window, for how long the gate is closed,
// then age and name of each call that is known.
const sync = createScript(`${NOW}
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('DEL', KEYS[1]) end
local longest, closed = tonumber(ARGV[3]), tonumber(ARGV[4])
local added = {}
for i = 5, #ARGV, 2 do
  if redis.call('ZADD', KEYS[1], 'NX', now - tonumber(ARGV[i]), ARGV[i + 1]) == 1 then
    added[#added + 1] = ARGV[i] .. ' ' .. ARGV[i + 1]
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
redis.call('PEXPIRE', KEYS[1], longest)
if closed > math.max(0, redis.call('PTTL', KEYS[2])) then redis.call('SET', KEYS[2], '1', 'PX', closed) end
if #added > 0 then redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' calls ' .. table.concat(added, ' ')) end
local known = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #known, 2 do known[i] = now - tonumber(known[i]) end
return { math.max(0, redis.call('PTTL', KEYS[2])), known }
`);

// KEYS: the gate. ARGV: channel, process, for how many milliseconds. One that is closed for longer stays so.
const close = createScript(`
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[3]) end
redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' closed ' .. ARGV[3])
return 0
`);

const KINDS = { caller: 'c', insistent: 'i', spare: 's', background: 'b', prepaid: 'b' } as const;
const KIND_OF = { c: 'caller', i: 'insistent', s: 'spare', b: 'background' } as const;

/** @param caller A digest: what stands in Redis names nobody. */
export function nameOfCall(process: string, number: number, how: PaymentKind, caller: string): string {
  return `${process}:${number}:${KINDS[how]}:${caller}`;
}

/** What a call's name says; undefined where it is none of ours. */
export function readName(name: string): { process: string; how: PaymentKind; caller: string } | undefined {
  const [process = '', , letter = '', caller = ''] = name.split(':');
  return isLetter(letter) ? { process, how: KIND_OF[letter], caller } : undefined;
}

function isLetter(text: string): text is keyof typeof KIND_OF {
  return Object.hasOwn(KIND_OF, text);
}

/** A short name for a caller: the same in all processes, and no address. */
export function digestOf(accountId: string, caller: string): string {
  return createHash('sha256').update(`${accountId} ${caller}`).digest('base64url').slice(0, 12);
}

export interface RedisCallsOptions {
  readonly redis: SharedRedis;
  readonly windows: readonly QuotaWindow[];
  readonly accountId: string;
  /** Names this process. */
  readonly process: string;
  /** The part of each window that is kept for callers below their share. */
  readonly reserve: number;
}

export function createRedisCalls({ redis, windows, accountId, process, reserve }: RedisCallsOptions): RedisCalls {
  // One hash tag: in a cluster, what one script touches lies on one server.
  const key = (name: string) => `gateway:{${accountId}}:${name}`;
  const keys = ['calls', 'gate', 'line', 'due'].map(key);
  const [calls = '', gate = ''] = keys;
  const channel = key('calls');
  const longest = longestOf(windows);
  const longestMs = Math.ceil(longest.windowMs);
  const bounds = windows.flatMap(({ limit, windowMs }) => [limit, partOf(limit, 1 - reserve), Math.ceil(windowMs)]);
  const half = partOf(longest.limit, 0.5);

  return {
    async take(wanted, waitedMs, known) {
      const about = [channel, process, Math.round(waitedMs), known, half, windows.length, ...bounds];
      const each = wanted.flatMap(({ rank, name }) => [rank, name]);
      const answer = await redis.ask((client) => take(client, keys, [...about, ...each]));
      if (!Array.isArray(answer)) return undefined;
      const [taken = 0, delayMs = 0] = answer.map(Number);
      return taken < 0 ? 'behind' : { taken, delayMs };
    },
    async sync(own, closedMs) {
      const about = [channel, process, longestMs, Math.round(closedMs)];
      const each = own.flatMap(({ ageMs, name }) => [Math.round(ageMs), name]);
      const answer = await redis.ask((client) => sync(client, [calls, gate], [...about, ...each]));
      if (!Array.isArray(answer) || !Array.isArray(answer[1])) return undefined;
      return {
        closedMs: Number(answer[0]),
        calls: pairsOf(answer[1]).map(([name, age]) => ({ name, ageMs: Number(age) })),
      };
    },
    close(forMs) {
      redis.tell((client) => close(client, [gate], [channel, process, Math.ceil(forMs)]));
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
  } else if (what === 'calls') {
    listener.calls(pairsOf(rest).map(([age, name]) => ({ ageMs: Number(age), name })));
  }
}

/** Longest that a gate is closed, in milliseconds. */
const MAX_CLOSED_MS = 5 * 60_000;

function pairsOf(texts: readonly unknown[]): [string, string][] {
  return Array.from({ length: Math.floor(texts.length / 2) }, (_, n) => [`${texts[2 * n]}`, `${texts[2 * n + 1]}`]);
}
