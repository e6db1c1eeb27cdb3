// The log: JSON lines, on standard output unless told otherwise. What goes in is chosen where it is written: codes and
// counts, never a URL with parameters, a body or a header. Of an error it has the kind and our own frames, and not the
// message, which may hold what a caller or a provider wrote.

import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

export function createLog(level: string, destination: DestinationStream = process.stdout): Logger {
  return pino({ level, base: null, serializers: { err: faultOf } }, destination);
}

function faultOf(error: unknown): object {
  if (!(error instanceof Error)) return { kind: typeof error };
  const code =
    'code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(error.code) ? error.code : undefined;
  const frames = (error.stack ?? '').matchAll(/^ +at .*?\b(src\/[\w./-]+\.ts:\d+:\d+)\)?$/gm);
  return {
    kind: error.constructor.name,
    ...(code === undefined ? {} : { code }),
    frames: Array.from(frames, ([, frame]) => frame).slice(0, 10),
  };
}
