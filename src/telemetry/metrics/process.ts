// What prom-client tells of the process: event loop, heap, collections, processor time, descriptors.

import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges that are named as counters are, which `promtool check metrics` does not take. */
const MISNAMED = /^nodejs_active_\w+_total$/;

let registry: Registry | undefined;

/** One for the process, whatever number of gateways it has: it watches the event loop and the collector. */
function registryOfProcess(): Registry {
  if (registry !== undefined) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) if (MISNAMED.test(name)) registry.removeSingleMetric(name);
  return registry;
}

/** The lines of each metric, made when they are asked for. */
export function* processMetrics(): Iterable<Promise<string>> {
  const all = registryOfProcess();
  for (const { name } of all.getMetricsAsArray()) yield all.getSingleMetricAsString(name);
}

/** Begins to watch. */
export function watchProcess(): void {
  registryOfProcess();
}
