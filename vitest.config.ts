import { defineConfig } from 'vitest/config';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the providers of the fault suite speak to the gateway. */
    readonly faultsOver: 'tcp' | 'tls';
  }
}

export default defineConfig({
  // graphql has two builds; Node runs the CommonJS one, so the tests must too, or there are two of every class.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // What hangs is to end. These say nothing of speed: a test may run the tools of the clients' package on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ['test/patience.ts'],
    // More than there are cores, because many tests mostly wait: for a deadline, a watcher, a stalled reader.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          // It runs in a copy of the sources: see third-provider.test.ts.
          exclude: [
            '**/node_modules/**',
            'test/third-provider/starpost.test.ts',
            'test/faults/*.tls.test.ts',
            'test/schedules/*.test.ts',
            'test/redis/failover.test.ts',
            'test/redis/gateways.test.ts',
            'test/gateway/quotas.test.ts',
            'test/upstream/late-grants.test.ts',
            'test/upstream/redis-quota.test.ts',
            'test/upstream/redis-shares.test.ts',
            'test/upstream/without-redis.test.ts',
            'test/server/newcomers.test.ts',
            'test/clients/first-minutes.test.ts',
            'test/production/*.test.ts',
            'test/clients/cluster/image.test.ts',
          ],
          provide: { faultsOver: 'tcp' },
        },
      },
      {
        extends: true,
        test: { name: 'tls', include: ['test/faults/*.test.ts'], provide: { faultsOver: 'tls' }, maxConcurrency: 3 },
      },
      {
        extends: true,
        // After the others, one file after the other: a provider counts calls by its clock, and is not to be late itself;
        // callers say how long they waited. Nor is any to wait for packages that are installed, or an image that is built,
        // meanwhile.
        test: {
          name: 'schedules',
          include: [
            'test/schedules/*.test.ts',
            'test/redis/failover.test.ts',
            'test/redis/gateways.test.ts',
            'test/gateway/quotas.test.ts',
            'test/upstream/late-grants.test.ts',
            'test/upstream/redis-quota.test.ts',
            'test/upstream/redis-shares.test.ts',
            'test/upstream/without-redis.test.ts',
            'test/server/newcomers.test.ts',
            'test/clients/first-minutes.test.ts',
            'test/production/*.test.ts',
            'test/clients/cluster/image.test.ts',
          ],
          fileParallelism: false,
          maxConcurrency: 8,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
