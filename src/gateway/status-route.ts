// The operators' page and its events. Loaded where there is an admin port: without one nothing is counted.

import type { AdminRoutes } from '../server/admin.ts';
import { createStatusEvents } from '../telemetry/status/events.ts';
import { createStatusPage } from '../telemetry/status/page.ts';
import { Status, type StatusOptions, type StatusSources } from '../telemetry/status/status.ts';
import type { TelemetryListener } from '../telemetry/telemetry.ts';
import { versionOfGateway } from './version.ts';

export interface StatusRoute {
  readonly listener: TelemetryListener;
  /** @param sources Of the gateway, once it runs. */
  open(sources: StatusSources): AdminRoutes;
  stop(): void;
}

export function createStatusRoute(options: Omit<StatusOptions, 'version'>): StatusRoute {
  const status = new Status({ ...options, version: versionOfGateway() });
  const events = createStatusEvents((withHour) => status.report(withHour));
  return {
    listener: status.listener,
    open(sources) {
      status.start(sources);
      return new Map([
        ['/status', createStatusPage()],
        ['/status/events', events.handle],
      ]);
    },
    stop() {
      events.stop();
      status.stop();
    },
  };
}
