// The effects of the settings that say where spans are sent.

import type { Environment } from '../../../src/settings.ts';
import { startTestGateway } from '../../harness.ts';
import { type CollectedSpan, type Collector, startCollector } from '../../telemetry/collector.ts';
import { type Effects, SENT } from './effect.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:<port>' };
const ALL = { OTEL_TRACES_SAMPLER_ARG: '1' };

/** What a collector has after so many operations of a gateway, once that has stopped. */
const collected =
  <T>(see: (collector: Collector) => T, operations = 1) =>
  async (environment: Environment): Promise<T> => {
    const collector = await startCollector();
    const { port } = new URL(collector.origin);
    const entries = Object.entries(environment).map(([name, value]) => [name, value?.replace('<port>', port)]);
    const gateway = await startTestGateway({ environment: Object.fromEntries(entries) });
    for (let n = 0; n < operations; n += 1) await gateway.query(SENT);
    await gateway.stop();
    return see(collector);
  };

const path = ({ requests }: Collector) => requests[0]?.url;
const service = ({ spans }: { spans: readonly CollectedSpan[] }) => spans[0]?.resource['service.name'];

export const TRACES_EFFECTS: Effects = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    value: 'http://127.0.0.1:<port>/otlp/',
    beside: ALL,
    observe: collected(path),
    without: undefined,
    with: '/otlp/v1/traces',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    value: 'http://127.0.0.1:<port>/traces',
    beside: { ...ENDPOINT, ...ALL },
    observe: collected(path),
    without: '/v1/traces',
    with: '/traces',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    value: 'x-one=1, x-key=a%20key%2C%20and%20more',
    beside: { ...ENDPOINT, ...ALL },
    observe: collected(({ requests }) => requests[0]?.headers['x-key']),
    without: undefined,
    with: 'a key, and more',
  },
  OTEL_SERVICE_NAME: {
    value: 'invitations-of-acme',
    beside: { ...ENDPOINT, ...ALL },
    observe: collected(service),
    without: 'invitation-gateway',
    with: 'invitations-of-acme',
  },
  // Of two thousand operations one in a hundred is traced by default: that none is, is less probable than a fault of the machine.
  OTEL_TRACES_SAMPLER_ARG: {
    value: '0',
    beside: ENDPOINT,
    observe: collected(({ spans }) => spans.length > 0, 2_000),
    without: true,
    with: false,
  },
};
