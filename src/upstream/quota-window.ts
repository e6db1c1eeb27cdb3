// What a quota keeps to: so many calls in any stretch of so many milliseconds, in one window or several.

export interface QuotaWindow {
  readonly limit: number;
  readonly windowMs: number;
}

/** Longest by which a window is stretched, in milliseconds. */
const MAX_MARGIN_MS = 1_000;

/**
 * The windows as they are kept to: a twentieth longer, a second at most. A provider counts a call when it arrives, and one
 * that was made a window later may be on its way for a shorter time: a burst after a burst would be over its limit.
 */
export function withMargin(windows: readonly QuotaWindow[]): readonly QuotaWindow[] {
  return windows.map(({ limit, windowMs }) => ({ limit, windowMs: windowMs + Math.min(windowMs / 20, MAX_MARGIN_MS) }));
}

/** The window that lasts longest. */
export function longestOf<W extends QuotaWindow>(windows: readonly W[]): W {
  return windows.reduce((a, b) => (b.windowMs > a.windowMs ? b : a));
}

/** How many whole calls this part of a limit is; one at least. */
export function partOf(limit: number, part: number): number {
  // 0.7 × 10 is a little less than 7 to a computer.
  return Math.max(1, Math.floor(limit * part + 1e-9));
}

/** `270/60s`, or several separated by commas; undefined where the text is none. */
export function parseQuota(text: string): readonly QuotaWindow[] | undefined {
  const windows = text.split(',').map((part) => /^\s*([1-9]\d{0,5})\/(\d{1,5}(?:\.\d{1,3})?)s\s*$/.exec(part));
  return windows.every((match) => match !== null && Number(match[2]) > 0)
    ? windows.map((match) => ({ limit: Number(match?.[1]), windowMs: Number(match?.[2]) * 1_000 }))
    : undefined;
}
