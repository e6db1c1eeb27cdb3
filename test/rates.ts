// A rate that is never used up, for tests of something else.

import { createRate } from '../src/access/caller-rate.ts';

export const boundless = () => createRate(1e9, 1_000);
