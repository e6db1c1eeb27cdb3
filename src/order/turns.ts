// Whose turn it is: nine reads of twenty go to what has waited longest, whatever else is more worth it. So nothing waits for
// more than two and a quarter rounds, a round being the time in which all that is wanted could be read once: all that waited
// longer than it when it began to wait is read in these turns before it, and each of them waits anew after that. (Two and a
// half rounds are promised: callers' own reads take some of the quota, too.)

/** The part of reads that goes to what has waited longest. */
export const LONGEST_SHARE = 0.45;

export class Turns {
  #due = 0;

  /** Whether the next read is for what has waited longest. */
  get isForLongest(): boolean {
    return this.#due + LONGEST_SHARE >= 1;
  }

  /** A read was made, of what has waited longest or of another. */
  took(): void {
    this.#due += LONGEST_SHARE;
    if (this.#due >= 1) this.#due -= 1;
  }
}
