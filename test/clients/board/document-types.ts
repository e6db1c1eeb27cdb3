// Makes `generated/` before Vite builds or serves the pages, and again whenever one of their documents has changed: a
// document that is not there yet would be typed as any, and sent as nothing.

import { type CodegenConfig, generate } from '@graphql-codegen/cli';
import type { Plugin } from 'vite';

export function documentTypes(config: CodegenConfig): Plugin {
  const make = () => generate({ ...config, silent: true, errorsOnly: true }, true);
  return {
    name: 'document-types',
    buildStart: async () => void (await make()),
    async hotUpdate({ file, read }) {
      if (file.endsWith('.tsx') && (await read()).includes('graphql(`')) await make();
    },
  };
}
