// The streams of a tenant that are open: bounds how many there are and how long each lives, and ends those whose viewer's
// token has lost its key or tenant, and all when the process goes.

import type { Viewer } from '../access/viewer.ts';
import { type ProblemOfRef, TooManyStreams } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { GivenListener } from '../snapshots/given.ts';
import { Stream, type StreamRooms } from './stream.ts';
import type { StreamPlaces } from './stream-places.ts';

export interface Streams {
  /**
   * The current state of each ref at once, then every change of it; a ref that cannot be read now is told as a
   * ProblemOfRef, and its state follows when it can be.
   * @param withExtras Whether a first state that has to be read is read with its extras.
   * @param given Told how each first state is answered.
   * @throws TooManyStreams where this caller, or the process, has as many as it may; CallerRateLimited or BadUserInput
   * where it asks for more that is not at hand than it may.
   */
  open(
    refs: readonly Ref[],
    withExtras: boolean,
    viewer: Viewer,
    given?: GivenListener,
  ): AsyncIterableIterator<Snapshot | ProblemOfRef, undefined>;
  /** Completes those of viewers whose key or tenant has gone. */
  endOutdated(): void;
  /** Completes every stream, also those opened from now on. */
  stop(): void;
}

export interface StreamsOptions extends StreamRooms {
  readonly places: StreamPlaces;
  /** A stream is completed at a random moment between the two, in milliseconds, so that load spreads anew. */
  readonly lifetimeMs: readonly [number, number];
}

export function createStreams({ places, lifetimeMs: [shortest, longest], ...rooms }: StreamsOptions): Streams {
  const streams = new Set<Stream>();
  let isStopped = false;

  return {
    open(refs, withExtras, viewer, given) {
      if (!places.hasOneFor(viewer.id)) throw new TooManyStreams();
      const stream = new Stream(
        { refs: isStopped || !viewer.isCurrent() ? [] : refs, withExtras, viewer, given },
        rooms,
        () => {
          clearTimeout(lifetime);
          streams.delete(stream);
          places.giveBack(viewer.id);
        },
      );
      const lifeMs = shortest + Math.random() * (longest - shortest);
      const lifetime = setTimeout(() => stream.feed.complete(), lifeMs).unref();
      streams.add(stream);
      places.take(viewer.id);
      stream.begin();
      return stream.feed;
    },
    endOutdated() {
      for (const { feed, viewer } of streams) if (!viewer.isCurrent()) feed.complete();
    },
    stop() {
      isStopped = true;
      for (const { feed } of streams) feed.complete();
    },
  };
}
