// What is observed of a gateway without a setting, and of one that has it.

import { onTestFinished } from 'vitest';
import type { Environment } from '../../../src/settings.ts';
import { startTestGateway, type TestGateway } from '../../harness.ts';

export interface Effect {
  readonly value: string;
  /** Other settings that both gateways have. */
  readonly beside?: Environment;
  readonly observe: (environment: Environment) => unknown;
  readonly without: unknown;
  readonly with: unknown;
}

/** Name of the setting → its effect. */
export type Effects = Readonly<Record<string, Effect>>;

/** Stops when the test is over. */
export async function start(environment: Environment): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

export const SENT = '{ reviewInvitation(invitationId: "review-sent") { observedAt isStale } }';

/** An address without a Redis. */
export const GONE = { REDIS_URL: 'redis://127.0.0.1:1' };

export const quotaLimit = (provider: string) => async (environment: Environment) => {
  const { data } = await (await start(environment)).query('{ providers { provider quota { limit } } }');
  return data.providers.find((one: { provider: string }) => one.provider === provider).quota?.limit;
};
