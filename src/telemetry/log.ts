// The log: JSON lines, on standard output unless told otherwise. What goes in is chosen where it is written: codes and
// counts, never a URL with parameters, a body, a header or an error that came from outside.

import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

export function createLog(level: string, destination: DestinationStream = process.stdout): Logger {
  return pino({ level, base: null }, destination);
}
