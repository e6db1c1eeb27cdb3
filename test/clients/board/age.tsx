// How long ago something was, or how soon it will be, by a clock that ticks once a second for the whole page.

import { useSyncExternalStore } from 'react';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

function tick(listener: () => void): () => void {
  const timer = setInterval(listener, 1_000);
  return () => clearInterval(timer);
}

export function Age({ at }: { readonly at: string }) {
  const now = useSyncExternalStore(tick, () => Math.floor(Date.now() / 1_000));
  const seconds = Math.round(Date.parse(at) / 1_000) - now;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return <time dateTime={at}>{relative.format(Math.trunc(seconds / size), unit)}</time>;
}

/** The time of day. */
export function Clock({ at }: { readonly at: string }) {
  return <time dateTime={at}>{new Date(at).toLocaleTimeString()}</time>;
}
