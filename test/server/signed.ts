// A gateway that asks for tokens.

import { onTestFinished } from 'vitest';
import type { Environment } from '../../src/settings.ts';
import { SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness.ts';

/** Stops by itself when the test is over. */
export async function startSigned(
  environment: Environment = {},
  options: Omit<TestGatewayOptions, 'environment'> = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway({ ...options, environment: { AUTH_JWT_SECRET: SECRET, ...environment } });
  onTestFinished(() => gateway.stop());
  return gateway;
}
