import { defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql has two builds; Node runs the CommonJS one, so the tests must too, or there are two of every class.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    // It runs in a copy of the sources: see third-provider.test.ts.
    exclude: ['**/node_modules/**', 'test/third-provider/starpost.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // More than there are cores, because many tests mostly wait: for a deadline, a watcher, a stalled reader.
    maxWorkers: 3,
  },
});
