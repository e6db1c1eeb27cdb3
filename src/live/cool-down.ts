// What is asked for often and is done once in a while: at once where it was not done lately, else when that time is over,
// once, for the newest that came meanwhile.

export interface CoolDown<T> {
  /** @returns whether it was done at once. */
  run(key: string, value: T): boolean;
  /** How many were done lately. */
  readonly size: number;
}

export function createCoolDown<T extends object>(ms: number, act: (value: T) => void): CoolDown<T> {
  /** Done lately, by key: what came since waits here. */
  const cooling = new Map<string, T | null>();

  function run(key: string, value: T): boolean {
    if (cooling.has(key)) {
      cooling.set(key, value);
      return false;
    }
    cooling.set(key, null);
    setTimeout(() => {
      const waiting = cooling.get(key);
      cooling.delete(key);
      if (waiting) run(key, waiting);
    }, ms).unref();
    act(value);
    return true;
  }

  return {
    run,
    get size() {
      return cooling.size;
    },
  };
}
