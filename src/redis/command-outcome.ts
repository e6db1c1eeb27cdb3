// How a command to Redis ends, for whoever counts.

/** `lost`: it was not answered in time, or its connection broke. */
export const COMMAND_OUTCOMES = ['answered', 'refused', 'lost'] as const;

export type CommandOutcome = (typeof COMMAND_OUTCOMES)[number];
