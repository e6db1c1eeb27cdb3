import { defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql has two builds; Node runs the CommonJS one, so the tests must too, or there are two of every class.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
