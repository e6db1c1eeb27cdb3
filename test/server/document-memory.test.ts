// Ever new documents cannot fill the memory, however large each is: what is kept of them is bounded in bytes. Alone in
// its file: it looks at the memory of the process.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { openSocket } from './socket-client.ts';

const MEGABYTE = 1024 * 1024;
const DOCUMENT_BYTES = 90 * 1024;
const DOCUMENTS = 184;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function kept(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEGABYTE;
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const long = (n: number, more: number) => `${String(n).padStart(5, '0')}${'x'.repeat(more)}`;

/** Aliases that only this document has, as long as 90 KB allow. */
function ofNames(n: number): string {
  const fields = 600;
  const length = DOCUMENT_BYTES / fields - 30;
  return `query { ${Array.from({ length: fields }, (_, field) => `a${field}_${long(n, length)}: __typename`).join(' ')} }`;
}

const FORMS: readonly [name: string, textOf: (n: number) => string][] = [
  ['long names', ofNames],
  ['a long comment', (n) => `# ${long(n, DOCUMENT_BYTES)}\n{ __typename }`],
  ['a long text', (n) => `{ node(id: "${long(n, DOCUMENT_BYTES)}") { id } }`],
  ['fields that do not exist', (n) => ofNames(n).replace('__typename', 'nonsense')],
  ['more tokens than are taken', (n) => `{ a${n} ${'b '.repeat(DOCUMENT_BYTES / 2)} }`],
];

test.each(FORMS)(
  '184 documents of 90 KB with %s leave no memory in use',
  async (_, textOf) => {
    // So that what the first ones load is there.
    for (let n = 0; n < 4; n++) await gateway.query(textOf(n));
    const before = kept();
    for (let n = 0; n < DOCUMENTS; n++) {
      const query = textOf(n + 10);
      expect(query.length).toBeGreaterThan(0.9 * DOCUMENT_BYTES);
      // From the second time on it is kept.
      for (const _ of [1, 2, 3]) expect((await gateway.query(query)).status).toBe(200);
    }
    // All their texts would be 16, and with what is made of them many times that.
    await vi.waitUntil(() => kept() - before < 40, { timeout: 10_000, interval: 200 });
  },
  60_000,
);

test('60 documents of 90 KB over WebSockets leave no memory in use', async () => {
  const before = kept();
  for (let n = 0; n < 60; n++) {
    // A socket may send some megabytes at once, and no more.
    const { socket, subscribe, outcomeOf } = await openSocket(gateway.origin);
    for (const id of ['1', '2']) {
      subscribe(id, { query: ofNames(n + 1_000) });
      expect((await outcomeOf(id)).at(-1)?.type).toBe('complete');
    }
    socket.terminate();
  }
  await vi.waitUntil(() => kept() - before < 40, { timeout: 10_000, interval: 200 });
}, 60_000);
