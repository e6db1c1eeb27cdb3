// What is counted, and where it is collected. Loaded where there is an admin port: without one nothing is counted.

import { providers } from '../providers/index.ts';
import type { Handler } from '../server/reply.ts';
import { createScrapeHandler } from '../server/scrape.ts';
import type { GatewayState } from '../telemetry/gateway-state.ts';
import { CONTENT_TYPE, exposition } from '../telemetry/metrics/exposition.ts';
import { gaugesOf } from '../telemetry/metrics/gauges.ts';
import { createMetrics } from '../telemetry/metrics/metrics.ts';
import { processMetrics, watchProcess } from '../telemetry/metrics/process.ts';
import type { TelemetryListener } from '../telemetry/telemetry.ts';
import { versionOfGateway } from './version.ts';

export interface MetricsRoute {
  readonly listener: TelemetryListener;
  /** @param state Of the gateway, once it runs. */
  createHandler(state: GatewayState): Handler;
}

export function createMetricsRoute(): MetricsRoute {
  const metrics = createMetrics(providers.map(({ name }) => name));
  watchProcess();
  return {
    listener: metrics,
    createHandler(state) {
      const families = [...metrics.families, ...gaugesOf(state, versionOfGateway())];
      const collected = () => {
        state.settle();
        return exposition(families, processMetrics());
      };
      return createScrapeHandler(collected, CONTENT_TYPE);
    },
  };
}
