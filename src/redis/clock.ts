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

/**
 * So many answers make a measurement. One that had to wait, because the process or the network was busy, leaves a wide span: by
 * its middle, a read that began before a notification at another process may seem to have begun after it.
 */
const SAMPLES = 5;

/** For how long a measurement is used without another one. */
const FRESH_MS = 10_000;
/** And for how long while another one is made: clocks drift, and a process may have been suspended. */
const USABLE_MS = 60_000;

/** Between these is the offset. */
interface Span {
  readonly least: number;
  readonly most: number;
}

/** @param now Milliseconds of the process's clock. */
export function createSharedClock(redis: Pick<SharedRedis, 'ask' | 'onRecovered'>, now: () => number): SharedClock {
  let offset: number | undefined;
  let measuredAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<number | undefined> | undefined;
  let recoveries = 0;

  async function sample(): Promise<Span | undefined> {
    const before = now();
    const time = await redis.ask((client) => TIME(client, [KEY], []));
    // It was read at some moment in between, and its milliseconds are cut off.
    return typeof time === 'number' ? { least: time - now(), most: time + 1 - before } : undefined;
  }

  async function measure(): Promise<number | undefined> {
    const recoveriesBefore = recoveries;
    const first = await sample();
    if (first === undefined) return undefined;
    const stands = offset !== undefined && offset >= first.least && offset <= first.most;
    const measured = stands ? offset : middleOf(await narrowed(first));
    if (recoveries !== recoveriesBefore) return measure();
    measuredAt = now();
    offset = measured;
    return offset;
  }

  /** What some more answers leave of it. */
  async function narrowed(first: Span): Promise<Span> {
    let { least, most } = first;
    for (let n = 1; n < SAMPLES; n++) {
      const span = await sample();
      if (span === undefined) break;
      least = Math.max(least, span.least);
      most = Math.min(most, span.most);
    }
    return { least, most };
  }

  // Another server may answer from now on.
  redis.onRecovered(() => {
    recoveries += 1;
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

function middleOf({ least, most }: Span): number {
  return (least + most) / 2;
}
