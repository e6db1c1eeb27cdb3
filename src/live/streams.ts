// The streams that are open: subscribes first and reads then, so that no change falls between; bounds how many there are
// and how long each lives; ends each when everything in it is final, and all when the process goes.

import type { Snapshot } from '../invitation/invitation.ts';
import { Problem, TooManyStreams } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import type { Changes } from './changes.ts';
import { createFeed, type Feed } from './feed.ts';
import type { Watcher } from './watcher.ts';

export interface Streams {
  /**
   * The current state of each ref at once, then every change of it; a ref that cannot be read now is told as an Error,
   * and its state follows when it can be.
   * @param withIcalendar Whether a first state that has to be read is read with its ICS.
   * @throws TooManyStreams where this caller, or the process, has as many as it may.
   */
  open(
    refs: readonly Ref[],
    withIcalendar: boolean,
    callerId: string,
  ): AsyncIterableIterator<Snapshot | Error, undefined>;
  /** Completes every stream, also those opened from now on. */
  stop(): void;
}

export interface StreamLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerCaller: number;
  /** A stream is completed at a random moment between the two, in milliseconds, so that load spreads anew. */
  readonly lifetimeMs: readonly [number, number];
}

export function createStreams(snapshots: Snapshots, changes: Changes, watcher: Watcher, limits: StreamLimits): Streams {
  const feeds = new Set<Feed<Snapshot | Error>>();
  const perCaller = new Map<string, number>();
  let isStopped = false;

  function count(callerId: string, by: 1 | -1): void {
    const streams = (perCaller.get(callerId) ?? 0) + by;
    if (streams === 0) perCaller.delete(callerId);
    else perCaller.set(callerId, streams);
  }

  return {
    open(refs, withIcalendar, callerId) {
      if (feeds.size >= limits.maxStreams || (perCaller.get(callerId) ?? 0) >= limits.maxStreamsPerCaller) {
        throw new TooManyStreams();
      }
      const gone = new Cancellation();
      // What is still watched, and how each watch is ended. There are thousands of streams of many refs each, so that
      // there is one listener a stream, and nothing else a ref.
      const live = new Map<string, () => void>();

      const finish = (key: string) => {
        changes.unsubscribe(key, give);
        live.get(key)?.();
        live.delete(key);
        if (live.size === 0) feed.complete();
      };
      const give = (key: string, snapshot: Snapshot) => {
        feed.push(key, snapshot);
        if (snapshot.isFinal) finish(key);
      };
      const feed = createFeed<Snapshot | Error>(() => {
        clearTimeout(lifetime);
        gone.cancel(new CallerGone());
        for (const [key, endWatch] of live) {
          changes.unsubscribe(key, give);
          endWatch();
        }
        live.clear();
        feeds.delete(feed);
        count(callerId, -1);
      });
      const [shortest, longest] = limits.lifetimeMs;
      const lifetime = setTimeout(feed.complete, shortest + Math.random() * (longest - shortest)).unref();
      feeds.add(feed);
      count(callerId, 1);

      const distinct = new Map(isStopped ? [] : refs.map((ref) => [ref.key, ref]));
      for (const [key, ref] of distinct) {
        live.set(key, watcher.watch(ref));
        changes.subscribe(key, give);
      }
      for (const ref of distinct.values()) void tellState(ref, withIcalendar, live, feed, gone, give, finish);
      if (live.size === 0) feed.complete();
      return feed;
    },
    stop() {
      isStopped = true;
      for (const feed of feeds) feed.complete();
    },
  };

  /** The first state of one ref; a change that came meanwhile is newer, and stays. */
  async function tellState(
    ref: Ref,
    withIcalendar: boolean,
    live: ReadonlyMap<string, () => void>,
    feed: Feed<Snapshot | Error>,
    gone: Cancellation,
    give: (key: string, snapshot: Snapshot) => void,
    finish: (key: string) => void,
  ): Promise<void> {
    const key = ref.key;
    let hasChanged = false;
    const onChange = () => {
      hasChanged = true;
    };
    changes.subscribe(key, onChange);
    try {
      // What is known is told as it is, and its ICS looked up as with every change: one that was read before may be older.
      const wish = {
        withIcalendar: withIcalendar && snapshots.peek(ref) === null,
        maxAgeMs: null,
        caller: gone,
        isPatient: true,
      };
      const snapshot = await snapshots.read(ref, wish);
      if (hasChanged || !live.has(key)) return;
      if (snapshot === null) finish(key);
      else give(key, snapshot);
    } catch (problem) {
      if (!hasChanged && live.has(key) && problem instanceof Problem) feed.push(key, problem);
    } finally {
      changes.unsubscribe(key, onChange);
    }
  }
}
