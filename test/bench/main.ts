// `npm run bench`: speed beside a flood of new documents and beside a plain handler, with tokens, counted, traced and all
// at once, memory, one provider beside another that hangs, good tokens beside forged ones, callers beside a collector of
// traces that hangs, and a small run of the quota simulation.

import { badCollector } from './bad-collector.ts';
import { everything } from './everything.ts';
import { flood } from './flood.ts';
import { footprint } from './footprint.ts';
import { forgedTokens } from './forged-tokens.ts';
import { hanging } from './hanging.ts';
import { knownBench } from './known.ts';
import { peakMemory } from './memory.ts';
import { metrics } from './metrics.ts';
import { orderBench } from './order.ts';
import { stop, stopAll } from './processes.ts';
import { quotaBench } from './quota.ts';
import { startCollector, startGateway, startUpstream } from './servers.ts';
import { tenants } from './tenants.ts';
import { throughput } from './throughput.ts';
import { tokens } from './tokens.ts';
import { traces } from './traces.ts';
import { hasWrk } from './wrk.ts';

if (!hasWrk()) {
  console.error('The benchmark needs wrk: apt-get install wrk');
  process.exit(1);
}

try {
  await startUpstream();
  const held = [await footprint()];
  held.push(await throughput());
  // One process for both, so that its peak of memory is that of all cases. The flood comes first, and the process ends after
  // both, because it goes on reading in the background what it was asked for, on the core that is measured.
  const gateway = await startGateway();
  held.push(await flood(gateway), await peakMemory(gateway));
  await stop(gateway);
  await startCollector();
  held.push(await tokens(), await metrics(), await traces());
  await everything();
  await stopAll();
  held.push(orderBench(), await knownBench());
  held.push(await tenants());
  held.push(await hanging(), await forgedTokens(), await badCollector());
  held.push(await quotaBench({ speed: 10, share: 0.2 }));
  if (held.includes(false)) {
    console.log('Not every figure holds.');
    process.exitCode = 1;
  }
} finally {
  await stopAll();
}
