// How long ago something was, by one clock for the whole page.

import { createPageValue } from './page-value.ts';

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const clock = createPageValue(Date.now());
setInterval(() => clock.set(Date.now()), 1_000);

export function Age({ at }: { readonly at: string }) {
  const now = clock.use();
  // A browser's clock may be behind the gateway's.
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1_000));
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['second', 1];
  return <time dateTime={at}>{words.format(-Math.floor(seconds / size), unit)}</time>;
}

/** The time of day. */
export function Clock({ at }: { readonly at: string }) {
  return <time dateTime={at}>{new Date(at).toLocaleTimeString()}</time>;
}
