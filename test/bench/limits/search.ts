// The largest size of a candidate that the gateway lets pass, and what it says of larger ones.

import type { Candidate } from './candidate.ts';
import { type Answer, ask } from './standstill.ts';

export interface Largest {
  readonly size: number;
  /** Undefined where no size passes. */
  readonly answer: Buffer | undefined;
  /** Of the full size, and of the smallest that is refused: it may be refused later, and for another reason. */
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  readonly size: number;
  readonly message: string;
}

export async function findLargest(origin: string, candidate: Candidate): Promise<Largest> {
  const attempt = async (size: number) => {
    const answer = await ask(origin, 'POST', '/graphql', JSON.stringify(candidate.operation(size, 0)));
    return { size, answer: answer.body, message: refusalOf(answer, candidate) };
  };
  const full = await attempt(candidate.most);
  if (full.message === undefined) return { ...full, refusals: [] };
  const first: Refusal = { size: candidate.most, message: full.message };
  if (candidate.outcome === 'refused') return { size: 0, answer: undefined, refusals: [first] };

  let largest: Pick<Largest, 'size' | 'answer'> = { size: 0, answer: undefined };
  let smallest = first;
  while (smallest.size - largest.size > 1) {
    const { size, answer, message } = await attempt(Math.floor((largest.size + smallest.size) / 2));
    if (message === undefined) largest = { size, answer };
    else smallest = { size, message };
  }
  return { ...largest, refusals: [first, smallest] };
}

/** The first error's message; undefined where the answer is as the candidate expects it. */
export function refusalOf({ body }: Answer, { outcome }: Candidate): string | undefined {
  const { data, errors } = JSON.parse(body.toString()) as {
    data?: unknown;
    errors?: readonly { readonly message: string }[];
  };
  if (outcome === 'errors beside data' && data !== undefined && data !== null) return undefined;
  return errors?.[0]?.message;
}
