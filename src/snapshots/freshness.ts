// How old an answer may be, and what is done about it. All in milliseconds of a clock that never goes back.

export interface Freshness {
  /** Up to here an answer is given as it is. */
  readonly freshMs: number;
  /** The same for one that will not change any more. */
  readonly finalMs: number;
  /** Up to here it is given at once while it is read again behind; older, the caller waits for the read. */
  readonly revalidateMs: number;
  /** For how long a caller waits who could have the old one. */
  readonly patienceMs: number;
  /** Up to here the old one is given where the provider cannot be asked. */
  readonly staleMs: number;
  /** How long "not found" is believed. */
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
