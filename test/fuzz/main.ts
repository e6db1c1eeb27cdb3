// `npm run fuzz [seed [documents]]`: the differential test over ten thousand documents, half of them of the schema as a
// subgraph has it. It prints its seed, with which a run is repeated, and what its documents cover.

import { schema } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';
import { type Coverage, differential } from './differential.ts';

const [seed = Date.now() % 2 ** 31, documents = 10_000] = process.argv.slice(2).map(Number);
console.log(`seed ${seed}`);
for (const [name, each] of [
  ['the API', schema],
  ['a subgraph', subgraphOf(schema)],
] as const) {
  report(name, await differential({ schema: each, documents: documents / 2, seed }));
}

function report(name: string, coverage: Coverage): void {
  const percent = (share: number) => `${((100 * share) / coverage.documents).toFixed(0)} %`;
  console.log(
    `${coverage.documents} documents of ${name}, each four times, give what graphql-js gives (${coverage.invalid} more were not valid)`,
  );
  console.log(
    `${percent(coverage.spreadingTwice)} spread one fragment twice under different conditions (at least 20 %)`,
  );
  console.log(`of their runs ${coverage.refused} were refused for their variables, ${coverage.withErrors} had errors`);
  console.log(
    `viewers of some of it were given ${coverage.granted} values of root fields as a viewer of everything is, and ${coverage.leftOut} invitations less`,
  );
  if (coverage.spreadingTwice < coverage.documents / 5) process.exitCode = 1;
}
