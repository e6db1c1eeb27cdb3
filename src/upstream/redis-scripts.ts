// What Redis does with an account's calls, in one step each: takes calls, hears of calls and tells of them, closes the gate.
// The processes are told of each change over the account's channel.

import { createScript } from '../redis/script.ts';
import { LATE_SHARE } from './shares.ts';

/** By so many milliseconds processes differ on when a call was made: the way to Redis takes time. Beyond, it was moved. */
export const MOVED_MS = 50;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

// KEYS: the calls, the gate, the line of processes that wait, by when each has to come again, and when the last call was
// made of those that are spread evenly over each window. ARGV: channel, process, for how long its first call has waited, how
// many calls it knows of, how many calls may be taken by those who insist, how many windows, limit and part and length of
// each; then of each call rank, name, and for how long it would wait, and for each window how long after the last one it is made,
// and how many calls its caller may have had (0: whenever, and however many). A call that would not wait for so long, or
// waits for others that insist alone, takes no place in the line: it would keep a call from others.
export const TAKE = createScript(`${NOW}
for _, key in ipairs({ KEYS[1], KEYS[3], KEYS[4], KEYS[5] }) do
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

-- How many calls each caller has had in each window; counted where it is asked for.
local had = {}
local function hadBy(name, n)
  local caller = string.match(name, '[^:]*$')
  had[caller] = had[caller] or {}
  if had[caller][n] == nil then
    local count = 0
    for _, call in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. (now - windows[n][3]), '+inf')) do
      if string.sub(call, -#caller - 1) == ':' .. caller then count = count + 1 end
    end
    had[caller][n] = count
  end
  return had[caller]
end

local function delayOf(rank, name, spread, others)
  local delay = closed
  for n, window in ipairs(windows) do
    local last = spread[n].gap > 0 and redis.call('ZSCORE', KEYS[5], n)
    if last then delay = math.max(delay, tonumber(last) + spread[n].gap * (others + 1) - now) end
    -- The process hears in a moment what others took for that caller.
    if spread[n].burst > 0 and hadBy(name, n)[n] >= spread[n].burst then delay = math.max(delay, 5) end
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
  local insistsFor = 0
  if string.find(name, ':i:', 1, true) then
    local insistent = {}
    local calls = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
    for i = 1, #calls, 2 do
      if string.find(calls[i], ':i:', 1, true) then insistent[#insistent + 1] = tonumber(calls[i + 1]) end
    end
    if #insistent >= half then
      insistsFor = insistent[#insistent - half + 1] + longest - now
    end
  end
  return delay, insistsFor
end

-- From when the next one is spread.
local function countsFrom(n, gap)
  local due = tonumber(redis.call('ZSCORE', KEYS[5], n) or 0) + gap
  if due <= now and now <= due + gap * ${LATE_SHARE} then return due end
  return now
end

local taken = {}
local delay = 0
for i = at, #ARGV, 3 + 2 * #windows do
  local rank, name, patience, spread = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), {}
  for n = 1, #windows do spread[n] = { gap = tonumber(ARGV[i + 1 + 2 * n]), burst = tonumber(ARGV[i + 2 + 2 * n]) } end
  local place = rank .. ':' .. process
  local since = now - waited
  if rank ~= '2' then since = tonumber(redis.call('ZSCORE', KEYS[3], place) or since) end
  local insistsFor
  delay, insistsFor = delayOf(rank, name, spread, ahead(tonumber(rank), since))
  if delay > 0 or insistsFor > 0 then
    local isInLine = rank ~= '2' and delay >= insistsFor
    delay = math.max(delay, insistsFor)
    if isInLine and delay <= patience then
      redis.call('ZADD', KEYS[3], 'NX', since, place)
      redis.call('ZADD', KEYS[4], now + delay + 250, place)
      redis.call('PEXPIRE', KEYS[3], longest + 1000)
      redis.call('PEXPIRE', KEYS[4], longest + 1000)
    end
    break
  end
  redis.call('ZADD', KEYS[1], now, name)
  for n = 1, #windows do
    if spread[n].gap > 0 then redis.call('ZADD', KEYS[5], countsFrom(n, spread[n].gap), n) end
    if spread[n].burst > 0 then hadBy(name, n)[n] = hadBy(name, n)[n] + 1 end
  end
  redis.call('ZREM', KEYS[3], place)
  redis.call('ZREM', KEYS[4], place)
  waited = 0
  taken[#taken + 1] = '0 ' .. name
end
if #taken > 0 then
  redis.call('PEXPIRE', KEYS[1], longest)
  redis.call('PEXPIRE', KEYS[5], longest)
  redis.call('PUBLISH', channel, process .. ' calls ' .. table.concat(taken, ' '))
end
return { #taken, delay }
`);

// KEYS: the calls. ARGV: channel, process, length of the longest window, of the shortest, name. A call that was taken and not
// made counts from now on. In a window that it has left there may be no place for it.
export const MOVE = createScript(`${NOW}
local takenAt = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[5]) or 0)
if takenAt <= now - tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' moved ' .. ARGV[5])
return 1
`);

// KEYS: the calls, and the gate. ARGV: channel, process, length of the longest window, for how long the gate is closed,
// then age and name of each call that is known. A call that is known here counts later where a process has moved it since:
// Redis may have forgotten that, and be told first by a process that has not heard of it.
export const SYNC = createScript(`${NOW}
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('DEL', KEYS[1]) end
local longest, closed = tonumber(ARGV[3]), tonumber(ARGV[4])
local added = {}
for i = 5, #ARGV, 2 do
  local at, known = now - tonumber(ARGV[i]), redis.call('ZSCORE', KEYS[1], ARGV[i + 1])
  if not known or at > tonumber(known) + ${MOVED_MS} then
    redis.call('ZADD', KEYS[1], at, ARGV[i + 1])
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
export const CLOSE = createScript(`
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[3]) end
redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' closed ' .. ARGV[3])
return 0
`);
