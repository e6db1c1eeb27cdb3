// Types of the gateway's scalars, of every document in this folder, the kinds of invitations for Apollo's
// cache, and the schema for urql's.

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: 'board/*.tsx',
  generates: {
    'board/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        scalars: { Date: 'string', DateTime: 'string', EmailAddress: 'string', ID: 'string', TimeZone: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
    'board/generated/possible-types.ts': { plugins: ['fragment-matcher'] },
    'board/generated/introspection.json': { plugins: ['introspection'], config: { minify: true, descriptions: false } },
  },
};

export default config;
