// What all stores of a process hold together: so many entries and bytes at most. Where that is passed, the store that holds
// most gives up what it used least recently: who asks for much pushes out nobody else's.

export interface StoreLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** A store, as far as it takes space. */
export interface Holder {
  readonly size: number;
  /** In bytes. */
  readonly calculatedSize: number;
  /** Drops what was used least recently. */
  pop(): unknown;
}

export interface StoreSpace {
  readonly maxBytes: number;
  join(holder: Holder): void;
  leave(holder: Holder): void;
  /** One of them holds more than before. */
  grown(): void;
  /** What all of them hold now. */
  held(): Held;
}

export interface Held {
  readonly entries: number;
  readonly bytes: number;
  /** Entries that were dropped for want of space, ever. */
  readonly evictions: number;
}

export function createStoreSpace({ maxEntries, maxBytes }: StoreLimits): StoreSpace {
  const holders = new Set<Holder>();
  let evictions = 0;

  /** Undefined where all is within the limits. */
  function mostBeyond(): Holder | undefined {
    let most: Holder | undefined;
    let [entries, bytes] = [0, 0];
    for (const holder of holders) {
      entries += holder.size;
      bytes += holder.calculatedSize;
      if (most === undefined || holder.calculatedSize > most.calculatedSize) most = holder;
    }
    return entries > maxEntries || bytes > maxBytes ? most : undefined;
  }

  return {
    maxBytes,
    join: (holder) => void holders.add(holder),
    leave: (holder) => void holders.delete(holder),
    grown() {
      for (let most = mostBeyond(); most !== undefined; most = mostBeyond()) {
        most.pop();
        evictions += 1;
      }
    },
    held() {
      let [entries, bytes] = [0, 0];
      for (const { size, calculatedSize } of holders) {
        entries += size;
        bytes += calculatedSize;
      }
      return { entries, bytes, evictions };
    },
  };
}
