// All that a gateway exports of what it is asked, looked through for what no span may hold.

import assert from 'node:assert/strict';
import { expectPrivateLog } from '../private.ts';
import { listenAsCollector } from './collector.ts';

export interface SearchedSpans {
  /** With it a gateway traces everything, for this. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Once the gateway has stopped.
   * @param operations How many it was asked: where there were any, there are spans of them.
   * @param secrets The gateway's.
   * @throws AssertionError where a span holds any of it, or an address, a token, a URL or a secret.
   */
  end(operations: number, secrets: readonly string[]): Promise<void>;
}

export async function searchSpans(canaries: readonly (string | RegExp)[]): Promise<SearchedSpans> {
  const collector = await listenAsCollector();
  return {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, OTEL_TRACES_SAMPLER_ARG: '1' },
    async end(operations, secrets) {
      await collector.stop();
      const { texts, posted } = collector;
      assert.ok(texts.length > 0 || operations === 0, 'operations have no spans');
      expectPrivateLog(texts, secrets);
      for (const canary of canaries) {
        // Texts in every byte; patterns as decoded, because among the random bytes of ids anything may stand by chance.
        const isIn = (text: string) => (typeof canary === 'string' ? text.includes(canary) : canary.test(text));
        const found = [...texts, ...(typeof canary === 'string' ? posted : [])].find(isIn);
        assert.equal(found, undefined, `${canary} is told in a span`);
      }
    },
  };
}
