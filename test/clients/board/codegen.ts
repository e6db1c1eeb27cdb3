// Types of the gateway's scalars, of every document in this folder, the kinds of invitations for Apollo's
// cache, and the schema for urql's.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CodegenConfig } from '@graphql-codegen/cli';

const BOARD = dirname(fileURLToPath(import.meta.url));

/** The gateway's, in the nearest folder above. */
function findSchema(folder: string): string {
  const path = join(folder, 'schema.graphql');
  if (existsSync(path)) return path;
  if (folder === dirname(folder)) throw new Error("Put the gateway's schema.graphql into this folder or one above.");
  return findSchema(dirname(folder));
}

const config: CodegenConfig = {
  cwd: BOARD,
  schema: findSchema(BOARD),
  documents: '*.tsx',
  generates: {
    'generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        scalars: { Date: 'string', DateTime: 'string', EmailAddress: 'string', ID: 'string', TimeZone: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
    'generated/possible-types.ts': { plugins: ['fragment-matcher'] },
    'generated/introspection.json': { plugins: ['introspection'], config: { minify: true, descriptions: false } },
  },
};

export default config;
