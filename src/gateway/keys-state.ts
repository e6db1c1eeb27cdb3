// How it stands with all sets of keys together: which one is down is in the log.

import type { KeySet } from '../access/keys.ts';
import type { KeysState } from '../telemetry/gateway-state.ts';

/** Undefined where none of them is in use. */
export function keysStateOf(sets: readonly Pick<KeySet, 'state'>[]): KeysState | undefined {
  const used = sets.flatMap((set) => set.state() ?? []);
  if (used.length === 0) return undefined;
  return {
    sets: used.length,
    failing: used.filter(({ isDown }) => isDown).length,
    oldestMs: Math.max(...used.map(({ ageMs }) => ageMs)),
  };
}
