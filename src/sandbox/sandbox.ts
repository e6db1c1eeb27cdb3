// Both providers imitated together.

import { type CronofyImitation, startCronofy } from './cronofy.ts';
import type { ImitationOptions } from './imitation.ts';
import { type PartooImitation, startPartoo } from './partoo.ts';

export interface Sandbox {
  readonly cronofy: CronofyImitation;
  readonly partoo: PartooImitation;
  /** What settings need to reach both: the same variables that real accounts are set with. */
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface SandboxOptions {
  readonly cronofy?: ImitationOptions;
  readonly partoo?: ImitationOptions;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const [cronofy, partoo] = await Promise.all([startCronofy(options.cronofy), startPartoo(options.partoo)]);
  return {
    cronofy,
    partoo,
    variables: { ...cronofy.variables, ...partoo.variables },
    async stop() {
      await Promise.all([cronofy.stop(), partoo.stop()]);
    },
  };
}
