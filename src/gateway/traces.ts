// Traces, where the settings name a collector: OpenTelemetry is loaded then, and not otherwise. What is lost on the way is
// told in the log, and to whoever counts it.

import type { Settings } from '../settings.ts';
import type { Logger } from '../telemetry/log.ts';
import { createTally } from '../telemetry/tally.ts';
import type { TelemetryListener } from '../telemetry/telemetry.ts';
import type { Traces } from '../telemetry/traces/traces.ts';

export async function startTraces(
  settings: NonNullable<Settings['traces']>,
  log: Logger,
  listener: Pick<TelemetryListener, 'spansLost'> | undefined,
): Promise<Traces> {
  let reason = '';
  const countLost = createTally((count, total) =>
    log.warn({ reason, count, total }, 'spans are lost: the collector of traces does not take them'),
  );
  const { createTraces } = await import('../telemetry/traces/traces.ts');
  return createTraces({
    ...settings,
    onLost(spans, why) {
      reason = why;
      countLost(spans);
      listener?.spansLost?.(spans);
    },
  });
}
