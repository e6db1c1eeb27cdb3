// The log: JSON lines on standard output. What goes in is chosen where it is written: codes and counts, never a URL
// with parameters, a body, a header or an error that came from outside.

import { type Logger, pino } from 'pino';

export type { Logger };

export function createLog(level: string): Logger {
  return pino({ level, base: null });
}
