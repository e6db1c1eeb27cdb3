// How old an answer may be, and what is done about it. All in milliseconds of a clock that never goes back.

export interface Freshness {
  /** Up to here an answer is given as it is. */
  readonly freshMs: number;
  /** The same for one that will not change any more. */
  readonly finalMs: number;
  /** A caller gets an answer up to this age at once, and it is read again in the background; for an older one it waits. */
  readonly revalidateMs: number;
  /** A caller that names no age waits this long for a new answer, then gets the old one. */
  readonly patienceMs: number;
  /** Up to here the old one is given where the provider cannot be asked. */
  readonly staleMs: number;
  /** How long "not found" is believed, by this process alone: it is not shared. */
  readonly notFoundMs: number;
}

export const FRESHNESS: Freshness = {
  freshMs: 10_000,
  finalMs: 86_400_000,
  revalidateMs: 60_000,
  patienceMs: 1_000,
  staleMs: 600_000,
  notFoundMs: 5_000,
};
