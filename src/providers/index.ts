// The providers this gateway knows, one line each.

import { cronofy } from './cronofy/client.ts';
import { partoo } from './partoo/client.ts';
import type { Provider } from './provider.ts';

export const providers: readonly Provider[] = [
  // A line each.
  cronofy,
  partoo,
];
