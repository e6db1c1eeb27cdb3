// What an operation may cost, found before it is validated, compiled or kept. Measured for scale: GraphiQL's introspection
// is 184 tokens, 15 deep; a page of a hundred with every field 137 tokens and 7,100 fields, 300 KB by its keys; a hundred
// refs written out 1,325 tokens.

import { OverLimit } from '../invitation/problem.ts';
import { MAX_WEIGHT } from '../loaders/answer-weight.ts';
import type { Cost, Size } from './cost.ts';
import type { Variables } from './plan-shape.ts';

export const MAX_TEXT_BYTES = 100 * 1024;
export const MAX_TOKENS = 2_000;
const MAX_DEPTH = 20;
const MAX_FIELDS = 25_000;

/** The same for what the schema tells of itself; GraphiQL's introspection is counted as 28,000. */
const MAX_INTROSPECTED = 100_000;

/** @throws OverLimit where an operation is too deep, or has too many fields or bytes whatever the variables are. */
export function checkCost(cost: Cost): void {
  const { depth, introspected } = cost;
  if (depth > MAX_DEPTH) {
    throw new OverLimit(
      'depth',
      `The operation is ${depth} fields deep, and ${MAX_DEPTH} is the most: ask for less at once.`,
    );
  }
  if (introspected > MAX_INTROSPECTED) {
    throw new OverLimit(
      'introspection',
      `The schema would tell ${introspected} fields of itself, and ${MAX_INTROSPECTED} is the most: ask for less at once.`,
    );
  }
  checkSize(cost);
}

/** @throws OverLimit where an operation has too many fields or bytes for the lists that these variables hold. */
export function checkLists({ fields, bytes, perEntry }: Cost, variables: Variables): void {
  let [allFields, allBytes] = [fields, bytes];
  for (const [name, each] of perEntry) {
    const list = variables[name];
    if (!Array.isArray(list)) continue;
    const more = Math.max(0, list.length - 1);
    allFields += each.fields * more;
    allBytes += each.bytes * more;
  }
  checkSize({ fields: allFields, bytes: allBytes });
}

function checkSize({ fields, bytes }: Size): void {
  if (fields > MAX_FIELDS) {
    throw new OverLimit(
      'fields',
      `The operation has ${fields} fields, all fragments and lists expanded, and ${MAX_FIELDS} is the most: ask for less at once.`,
    );
  }
  if (bytes > MAX_WEIGHT) {
    throw new OverLimit(
      'weight',
      `The answer would weigh ${bytes} bytes by its fields and their names alone, all fragments and lists expanded, and ${MAX_WEIGHT} is the most: ask for less at once, or by shorter names.`,
    );
  }
}
