// The effect of each setting in the README's table: what is observed of a gateway without it, and of one that has it.

import { afterEach, expect, test } from 'vitest';
import { KNOWN } from '../../src/settings/known.ts';
import { endRuns } from '../process.ts';
import { ACCESS_EFFECTS } from './effects/access.ts';
import type { Effect } from './effects/effect.ts';
import { PROVIDER_EFFECTS } from './effects/providers.ts';
import { REDIS_EFFECTS } from './effects/redis.ts';
import { SERVER_EFFECTS } from './effects/server.ts';
import { SNAPSHOT_EFFECTS } from './effects/snapshots.ts';
import { TRACES_EFFECTS } from './effects/traces.ts';

afterEach(endRuns);

const tables = [ACCESS_EFFECTS, PROVIDER_EFFECTS, REDIS_EFFECTS, SERVER_EFFECTS, SNAPSHOT_EFFECTS, TRACES_EFFECTS];
const rows = tables.flatMap((effects) => Object.keys(effects).map((name) => ({ name, effects })));

test.each(rows)('$name', { timeout: 30_000 }, async ({ name, effects }) => {
  const { value, beside, observe, ...expected } = effects[name] as Effect;
  expect(await observe({ ...beside })).toEqual(expected.without);
  expect(await observe({ ...beside, [name]: value })).toEqual(expected.with);
});

// How each secret is read from a file is tested in secret-files.test.ts, and NODE_ENV in main.test.ts.
test('every setting has its effect here', () => {
  const settings = [...KNOWN.keys()].filter((name) => name !== 'NODE_ENV');
  expect(rows.map(({ name }) => name).toSorted()).toEqual(settings.toSorted());
});
