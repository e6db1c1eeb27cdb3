// How figures are said in words, so that they are read at once: few digits, and the unit that fits.

/** Such as `120 ms`, `2.3 s`, `48 s`, `4 min`, `2 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 99.5) return `${Math.round(minutes)} min`;
  return `${Math.round(minutes / 60)} h`;
}

/** How old something is, where parts of a second say nothing. */
export function age(ms: number): string {
  return ms < 1_000 ? 'less than a second' : duration(ms);
}

/** Such as `17 %`; never 0 or 100 of what is neither nothing nor all. */
export function percent(part: number): string {
  if (part <= 0) return '0 %';
  if (part >= 1) return `${Math.round(part * 100)} %`;
  return `${Math.min(99, Math.max(1, Math.round(part * 100)))} %`;
}

/** Such as `1 call`, `1,204 calls`. */
export function count(number: number, one: string, several = `${one}s`): string {
  const whole = Math.round(number);
  // The first number that Intl writes takes it twenty milliseconds.
  return `${String(whole).replace(/\B(?=(\d{3})+$)/g, ',')} ${whole === 1 ? one : several}`;
}

/** Such as `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
