// What went wrong, by code: the last fifty, of which those that are alike and come soon after each other are one; and how often
// each code was met within the hour.

import type { ProviderName } from '../../invitation/provider.ts';
import { POINTS } from './hour.ts';
import type { ProblemReport } from './report.ts';

const MAX_PROBLEMS = 50;

/** What is met again within that time is told once, in milliseconds. */
const SAME_MS = 10_000;

interface Kept {
  readonly code: string;
  readonly provider: ProviderName | null;
  readonly firstAt: number;
  at: number;
  count: number;
}

export class Problems {
  /** The newest last. */
  readonly #last: Kept[] = [];
  /** By code and provider, how often within each point of the hour. */
  readonly #counts = new Map<string, { code: string; provider: ProviderName | null; counts: Uint32Array }>();
  #points = 0;

  /** @param at In milliseconds since 1970. */
  add(code: string, provider: ProviderName | null, at: number): void {
    const same = this.#last.findLast((each) => each.code === code && each.provider === provider);
    if (same !== undefined && at - same.firstAt < SAME_MS) {
      same.count += 1;
      same.at = at;
    } else {
      this.#last.push({ code, provider, firstAt: at, at, count: 1 });
      if (this.#last.length > MAX_PROBLEMS) this.#last.shift();
    }
    const key = `${code} ${provider}`;
    let counted = this.#counts.get(key);
    if (counted === undefined) {
      // Codes are a closed list, and so are providers.
      counted = { code, provider, counts: new Uint32Array(POINTS) };
      this.#counts.set(key, counted);
    }
    const place = this.#points % POINTS;
    counted.counts[place] = (counted.counts[place] ?? 0) + 1;
  }

  /** Closes a point of the hour. */
  sample(): void {
    this.#points += 1;
    for (const [key, { counts }] of this.#counts) {
      counts[this.#points % POINTS] = 0;
      if (counts.every((count) => count === 0)) this.#counts.delete(key);
    }
  }

  /** The newest first. */
  get last(): readonly ProblemReport[] {
    return this.#last.map(({ at, code, provider, count }) => ({ at, code, provider, count })).reverse();
  }

  /** How often a code was met within so many of the last points. */
  lately(code: string, points: number): number {
    const last = Array.from({ length: points }, (_, n) => (this.#points + POINTS - n) % POINTS);
    return [...this.#counts.values()]
      .filter((counted) => counted.code === code)
      .reduce((sum, { counts }) => last.reduce((all, place) => all + (counts[place] ?? 0), sum), 0);
  }

  get byCode(): readonly { readonly code: string; readonly provider: ProviderName | null; readonly count: number }[] {
    return [...this.#counts.values()].map(({ code, provider, counts }) => ({
      code,
      provider,
      count: counts.reduce((sum, each) => sum + each, 0),
    }));
  }
}
