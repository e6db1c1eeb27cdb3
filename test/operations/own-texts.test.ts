// An id that was written in a document does not keep the document in memory.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Kind, parse, print, visit } from 'graphql';
import { expect, test } from 'vitest';
import { ownTexts } from '../../src/operations/own-texts.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const DOCUMENTS = 400;
const DOCUMENT_BYTES = 20_000;

test('the copied texts of four hundred documents of 20 KB keep no document in memory', () => {
  const kept: string[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < DOCUMENTS; n++) {
    const padding = `# ${'x'.repeat(DOCUMENT_BYTES)}`;
    const document = ownTexts(
      parse(`{ node(id: "an-id-of-more-than-thirteen-${n}", n: 12345678901234567${n}) { id } } ${padding}`),
    );
    visit(document, {
      StringValue: ({ value }) => void kept.push(value),
      IntValue: ({ value }) => void kept.push(value),
    });
  }
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  expect(kept).toHaveLength(2 * DOCUMENTS);
  expect(bytes).toBeLessThan((DOCUMENTS * DOCUMENT_BYTES) / 10);
});

test('a document is unchanged except for its copied texts', () => {
  const text = '{ a(b: ["c", 1, { d: "e" }], f: """\\n  g\\n  h""", i: E, j: $k, l: 1.5) @m(n: "o") { ...P } }';
  expect(print(ownTexts(parse(text)))).toBe(print(parse(text)));
  const kinds: string[] = [];
  visit(ownTexts(parse(text)), { enter: ({ kind }) => void kinds.push(kind) });
  expect(kinds.filter((kind) => kind === Kind.STRING)).toHaveLength(4);
});
