// So many calls at once, and so many waiting for their turn. Who leaves the line gives the place to the next: cockatiel's
// bulkhead keeps it until the turn comes, and callers would be refused for the sake of others who have gone.

import type { Cancellation } from './cancellation.ts';

export interface Queue {
  /**
   * Takes a place among those in flight, now or when the turn comes; whoever has one calls `leave` when done.
   * @throws QueueFull at once; the cancellation's reason while it waits.
   */
  enter(cancellation: Cancellation): Promise<void>;
  leave(): void;
  hasRoom(): boolean;
}

export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}

// The same for every call that needs not wait: nearly all.
const ENTERED = Promise.resolve();

export function createQueue(maxInFlight: number, maxWaiting: number): Queue {
  let inFlight = 0;
  const waiting = new Set<() => void>();

  function leave(): void {
    const [next] = waiting;
    if (next === undefined) inFlight -= 1;
    else next();
  }

  function turn(cancellation: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (reason: Error) => {
        waiting.delete(take);
        reject(reason);
      };
      const take = () => {
        waiting.delete(take);
        cancellation.remove(giveUp);
        resolve();
      };
      waiting.add(take);
      cancellation.add(giveUp);
    });
  }

  return {
    enter(cancellation) {
      if (inFlight < maxInFlight) {
        inFlight += 1;
        return ENTERED;
      }
      return waiting.size < maxWaiting ? turn(cancellation) : Promise.reject(new QueueFull());
    },
    leave,
    hasRoom: () => inFlight < maxInFlight,
  };
}
