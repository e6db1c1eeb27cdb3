// One clock for all processes: Redis'. Each process works out how far its own clock (the one that never goes back) is from
// it, and stamps with it what others are to compare. The clocks of the machines may be minutes apart.

import type { SharedRedis } from './redis.ts';
import { createScript } from './script.ts';

export interface SharedClock {
  /**
   * What to add to a moment of this process's clock for Redis'. A measurement stands until another one contradicts it, so
   * that two moments of one process stay in their order.
   * @returns undefined where Redis cannot be asked.
   */
  offset(): Promise<number | undefined>;
}

/** Milliseconds since 1970. It has a key, so that in a cluster one and the same server is asked. */
const TIME = createScript(`
local time = redis.call('TIME')
return time[1] * 1000 + math.floor(time[2] / 1000)
`);
const KEY = 'gateway:clock';

/** For how long a measurement is used without another one. */
const FRESH_MS = 10_000;
/** And for how long while another one is made: clocks drift, and a process may have been suspended. */
const USABLE_MS = 60_000;

/** @param now Milliseconds of the process's clock. */
export function createSharedClock(redis: Pick<SharedRedis, 'ask' | 'onRecovered'>, now: () => number): SharedClock {
  let offset: number | undefined;
  let measuredAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<number | undefined> | undefined;

  async function measure(): Promise<number | undefined> {
    const before = now();
    const time = await redis.ask((client) => TIME(client, [KEY], []));
    if (typeof time !== 'number') return undefined;
    measuredAt = now();
    // It was read at some moment in between, and its milliseconds are cut off.
    const [least, most] = [time - measuredAt, time + 1 - before];
    if (offset === undefined || offset < least || offset > most) offset = (least + most) / 2;
    return offset;
  }

  // Another server may answer from now on.
  redis.onRecovered(() => {
    offset = undefined;
    measuredAt = Number.NEGATIVE_INFINITY;
  });

  return {
    async offset() {
      const ageMs = now() - measuredAt;
      if (ageMs <= FRESH_MS) return offset;
      underWay ??= measure().finally(() => {
        underWay = undefined;
      });
      return ageMs <= USABLE_MS ? offset : underWay;
    },
  };
}
