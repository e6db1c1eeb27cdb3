// `npm run schema`: writes schema.graphql from the code. A test fails when the two differ.

import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './index.ts';

/** The SDL as schema.graphql holds it: sorted, so that moving code about changes nothing. */
export const sdl = `${printSchema(lexicographicSortSchema(schema))}\n`;

if (import.meta.main) writeFileSync(new URL('../../schema.graphql', import.meta.url), sdl);
