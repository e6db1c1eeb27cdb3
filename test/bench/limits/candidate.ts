// An operation that is made to cost much, by a size that can be made smaller until the gateway's limits let it pass. At
// its full size it is beyond a limit, so that what is measured is the most that passes.

export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface Candidate {
  readonly name: string;
  /** What the size counts. */
  readonly unit: string;
  readonly most: number;
  /**
   * What the gateway does where no limit is in the way: answers, answers with errors beside data, or refuses all the
   * same, because the document is not right. Default: answers.
   */
  readonly outcome?: 'errors beside data' | 'refused';
  /** @param run Counts the operations, so that texts and ids can be new ones. */
  operation(size: number, run: number): Operation;
}

/** The first operation with a text is read and checked, and what is known of it then is used by the others. */
export const RUNS_A_TEXT = 4;

/** The begin of an operation, which makes its text a new one after so many runs. */
export function named(run: number): string {
  return `query Text${Math.floor(run / RUNS_A_TEXT)}`;
}

export function repeat<T>(size: number, of: (n: number) => T): T[] {
  return Array.from({ length: size }, (_, n) => of(n));
}

/** So many selections, or whatever stands in a document one after the other. */
export function list(size: number, of: (n: number) => string): string {
  return repeat(size, of).join(' ');
}

export function review(invitationId: string) {
  return { reviewInvitation: { invitationId } };
}

export function invite(smartInviteId: string) {
  return { smartInvite: { smartInviteId } };
}

/** Most invitations that one list may name. */
export const MOST_OF_A_LIST = 100;
