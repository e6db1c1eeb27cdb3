// What the viewer of one stream sees of it: which of its refs, and what of each state. Of what is granted in part the
// viewer gets that part, and no event that shows nothing new in it: that another part has changed must not be told by its
// coming. It remembers nothing of what is granted whole, because there are thousands of streams of many refs each.

import { type Grants, type PartGrant, shownOf } from '../access/grants.ts';
import type { Ref } from '../invitation/ref.ts';
import { isSame, type Snapshot } from '../invitation/snapshot.ts';

export class View {
  /** Keys of refs of which the viewer may see nothing; made where there are any. */
  #denied: Set<string> | undefined;
  /** The refs that are granted in part, by key; made where there are any. */
  #parts: Map<string, Part> | undefined;

  constructor(grants: Grants, refs: Iterable<Ref>) {
    for (const ref of refs) {
      const grant = grants.of(ref);
      if (grant === 'whole') continue;
      if (grant === 'nothing') {
        this.#denied ??= new Set();
        this.#denied.add(ref.key);
      } else {
        this.#parts ??= new Map();
        this.#parts.set(ref.key, { grant, shown: undefined });
      }
    }
  }

  /** Whether the viewer may see anything of the ref with this key. */
  isGranted(key: string): boolean {
    return this.#denied === undefined || !this.#denied.has(key);
  }

  isGrantedWhole(key: string): boolean {
    return this.isGranted(key) && this.#parts?.get(key) === undefined;
  }

  /** What the viewer sees of this state of a ref that is granted; null where that is nothing. */
  shownOf(key: string, snapshot: Snapshot): Snapshot | null {
    return shownOf(snapshot, this.#parts?.get(key)?.grant ?? 'whole');
  }

  /** The same, and null also where the viewer has been given it before. */
  newsIn(key: string, snapshot: Snapshot): Snapshot | null {
    const part = this.#parts?.get(key);
    if (part === undefined) return snapshot;
    const shown = shownOf(snapshot, part.grant);
    if (shown === null || isShownAs(part.shown, shown)) return null;
    part.shown = shown;
    return shown;
  }
}

interface Part {
  readonly grant: PartGrant;
  /** What was given last. */
  shown: Snapshot | undefined;
}

/** Whether its viewer sees no difference; when it was observed is none. */
function isShownAs(before: Snapshot | undefined, now: Snapshot): boolean {
  return before !== undefined && isSame(before, now) && before.staleness?.reason === now.staleness?.reason;
}
