// Prepared operations give what graphql-js gives, to viewers of everything and of some. `npm run fuzz` runs the same over ten thousand documents.

import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';
import { differential } from '../fuzz/differential.ts';

const DOCUMENTS = 500;

test.each([
  ['the API', schema],
  ['a subgraph', subgraphOf(schema)],
])(
  'five hundred random documents of %s give the answers of graphql-js: at first, repeated and compiled',
  {
    timeout: 120_000,
  },
  async (_, each) => {
    const seed = Date.now() % 2 ** 31;
    const coverage = await differential({ schema: each, documents: DOCUMENTS, seed });
    expect(coverage.documents, `seed ${seed}`).toBeGreaterThan(0.95 * DOCUMENTS);
    expect(coverage.spreadingTwice).toBeGreaterThan(DOCUMENTS / 5);
    expect(coverage.refused).toBeGreaterThan(0);
    expect(coverage.withErrors).toBeGreaterThan(0);
    // Other viewers have seen some of it, and not all.
    expect(Math.min(coverage.granted, coverage.leftOut)).toBeGreaterThan(DOCUMENTS / 5);
  },
);
