// How many streams a process has, and how many of them a caller: bounded for all tenants together.

export interface StreamPlaces {
  /** Whether no caller gets another one. */
  areFull(): boolean;
  /** Whether this caller gets another one. */
  hasOneFor(callerId: string): boolean;
  take(callerId: string): void;
  giveBack(callerId: string): void;
}

export interface StreamLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerCaller: number;
}

export function createStreamPlaces({ maxStreams, maxStreamsPerCaller }: StreamLimits): StreamPlaces {
  const perCaller = new Map<string, number>();
  let taken = 0;

  function count(callerId: string, by: 1 | -1): void {
    taken += by;
    const streams = (perCaller.get(callerId) ?? 0) + by;
    if (streams === 0) perCaller.delete(callerId);
    else perCaller.set(callerId, streams);
  }

  const areFull = () => taken >= maxStreams;

  return {
    areFull,
    hasOneFor: (callerId) => !areFull() && (perCaller.get(callerId) ?? 0) < maxStreamsPerCaller,
    take: (callerId) => count(callerId, 1),
    giveBack: (callerId) => count(callerId, -1),
  };
}
