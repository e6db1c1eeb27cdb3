import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sdl } from '../../src/schema/print.ts';

test('schema.graphql equals the schema of the code: run `npm run schema` after a change', () => {
  expect(readFileSync('schema.graphql', 'utf8')).toBe(sdl);
});
