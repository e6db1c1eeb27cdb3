// When a stream ends with its token: not before, and with no tolerance after.

/** Longest that a timer of Node waits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function hasExpired(expiresAt: number): boolean {
  return expiresAt !== Number.POSITIVE_INFINITY && Date.now() >= expiresAt;
}

/** Calls back once at that time, at once where it is over. @returns what takes the call back. */
export function onExpiry(expiresAt: number, callback: () => void): () => void {
  if (expiresAt === Number.POSITIVE_INFINITY) return () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    const leftMs = expiresAt - Date.now();
    if (leftMs <= 0) callback();
    else timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
