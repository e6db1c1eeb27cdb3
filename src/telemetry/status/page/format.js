// How figures are written on the page.

/** @param {number} ms @returns {string} Such as `120 ms`, `2.3 s`, `4 min`. */
export function duration(ms) {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 99.5) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`;
}

/** @param {number} number */
export function count(number) {
  return number.toLocaleString('en-US');
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${count(Math.round(bytes / 1_048_576))} MB`;
}

/** @param {number} part @param {number} all */
export function share(part, all) {
  return all === 0 ? '0 %' : `${Math.round((part / all) * 100)} %`;
}

/** @param {number} at In milliseconds since 1970. @returns {string} The time of day, where the reader is. */
export function clock(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}
