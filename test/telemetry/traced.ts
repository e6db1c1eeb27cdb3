// A gateway all of whose operations are traced, and the collector that it tells.

import { onTestFinished } from 'vitest';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';

export interface Traced extends TestGateway {
  readonly collector: Collector;
  /** The spans of that name, once there are so many. */
  named(name: string, count?: number): Promise<readonly CollectedSpan[]>;
}

/** Both stop by themselves when the test is over. */
export async function startTraced({ environment, ...options }: TestGatewayOptions = {}): Promise<Traced> {
  const collector = await startCollector();
  const gateway = await startTestGateway({
    ...options,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      OTEL_TRACES_SAMPLER_ARG: '1',
      ...environment,
    },
  });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await gateway.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  return {
    ...gateway,
    stop,
    collector,
    named: (name, count = 1) =>
      collector.until((spans) => {
        const found = spans.filter((span) => span.name === name);
        return found.length >= count && found;
      }),
  };
}

export function only<T>(list: readonly T[]): T {
  const [first, ...others] = list;
  if (first === undefined || others.length > 0) throw new Error(`there are ${list.length} in place of one`);
  return first;
}
