// What a provider sends cannot fill the memory. Alone in its file: it looks at the memory of the process.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { expect, vi } from 'vitest';
import { test } from './faulty.ts';
import { answerWith } from './proxy.ts';

const MEGABYTE = 1024 * 1024;
const used = () => process.memoryUsage().rss / MEGABYTE;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function kept(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEGABYTE;
}

test('a gzip bomb gives PROVIDER_BAD_RESPONSE, and is never decompressed', async ({ start }) => {
  const { partoo, review } = await start();
  const bomb = gzipSync(Buffer.concat([Buffer.from('{"status":"SENT","more":"'), Buffer.alloc(100 * MEGABYTE, 'x')]));
  expect(bomb.length).toBeLessThan(MEGABYTE / 4);
  partoo.break(answerWith(bomb, { 'content-encoding': 'gzip' }));
  const before = used();
  for (let n = 0; n < 5; n++) expect(await review(`bomb-${n}`)).toBe('PROVIDER_BAD_RESPONSE');
  expect(used() - before).toBeLessThan(90);
  expect(partoo.requests).toHaveLength(5);
});

test('bodies without an end leave nothing in memory', async ({ start }) => {
  const { gateway, review } = await start({ PARTOO_QUOTA: '10000/60s' });
  gateway.sandbox.partoo.misbehave({ mode: 'endless' });
  for (let n = 0; n < 10; n++) expect(await review(`warm-${n}`)).toBe('PROVIDER_BAD_RESPONSE');
  const before = kept();
  for (let n = 0; n < 200; n++) expect(await review(`endless-${n}`)).toBe('PROVIDER_BAD_RESPONSE');
  // Were they kept, it would be 50 of them at the least. What sockets still hold goes a little later than they do.
  await vi.waitUntil(() => kept() - before < 20, { interval: 200 });
});
