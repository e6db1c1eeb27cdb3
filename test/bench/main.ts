// `npm run bench`: speed beside a plain handler, memory, one provider beside another that hangs, and a small run of the
// quota simulation.

import { hanging } from './hanging.ts';
import { stopAll } from './processes.ts';
import { quotaBench } from './quota.ts';
import { footprint, throughput } from './throughput.ts';

try {
  const held = [await throughput(), await footprint()];
  await stopAll();
  held.push(await hanging());
  held.push(await quotaBench({ speed: 10, share: 0.2 }));
  if (held.includes(false)) {
    console.log('Not every figure holds.');
    process.exitCode = 1;
  }
} finally {
  await stopAll();
}
