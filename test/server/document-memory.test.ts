// Ever new documents cannot fill the memory, however large each is: what is kept of them is bounded in bytes. Alone in
// its file: it looks at the memory of the process.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { EIGHT_CONDITIONS, otherPairs, samePairs } from '../operations/meeting-fragments.ts';
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
    await vi.waitUntil(() => kept() - before < 40, { interval: 200 });
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
  await vi.waitUntil(() => kept() - before < 40, { interval: 200 });
}, 60_000);

test.each([
  ['the same', samePairs],
  ['other', otherPairs],
])(
  '8 documents in which %s pairs of fragments meet in a thousand places leave no memory in use',
  async (name, textOf) => {
    gateway.sandbox.cronofy.put({
      smart_invite_id: 'id-1',
      recipients: [{ email: 'one@example.org', status: 'pending' }],
      event: { start: { time: '2030-05-02', tzid: 'Etc/UTC' }, end: { time: '2030-05-03', tzid: 'Etc/UTC' } },
    });
    const before = kept();
    for (let n = 0; n < 8; n++) {
      const query = textOf(`${name === 'the same' ? 'Same' : 'Other'}${n}`);
      expect(query.length).toBeLessThan(9_000);
      // From the second time on it is kept, with a plan for each set of conditions.
      for (const variables of [{ a: false, b: false, c: false }, ...EIGHT_CONDITIONS]) {
        const { data } = await gateway.query(query, variables);
        expect(data.a8.e9.s9.t6).toBe('EventTime');
      }
    }
    // Each has thousands of fields for each set of conditions, whose plans took 44 MB.
    await vi.waitUntil(() => kept() - before < 40, { interval: 200 });
  },
  60_000,
);
