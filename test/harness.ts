// A gateway as its callers meet it: real HTTP on loopback in front, the sandbox over real HTTP behind. No latency and
// no quota unless a test asks for them, nor a limit to what one caller takes.

import { startGateway } from '../src/gateway.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/sandbox/sandbox.ts';
import { type Environment, readSettings } from '../src/settings.ts';
import { createLog } from '../src/telemetry/log.ts';
import { EVENT, OPERATION, REFUSED } from '../src/telemetry/operation-log.ts';
import { operatorsView } from './operators-view.ts';
import { expectPrivateLog, secretsIn } from './private.ts';

export interface GraphQLAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its query asked for
  readonly data: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

export interface TestGateway {
  readonly origin: string;
  /** Empty where ADMIN_PORT is set to nothing. */
  readonly adminOrigin: string;
  readonly sandbox: Sandbox;
  /** Every line logged so far, but those of operations. */
  readonly log: readonly string[];
  /** The line of each operation so far. */
  readonly operations: readonly string[];
  query(query: string, variables?: object, init?: { signal?: AbortSignal }): Promise<GraphQLAnswer>;
  /** Targets of the upstream calls since the last time this was asked. */
  takeCalls(): { partoo: string[]; cronofy: string[] };
  stop(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly sandbox?: SandboxOptions;
  /** Over the variables that reach the sandbox. */
  readonly environment?: Environment;
  /** Where it is given everything is traced, and no span may hold any of these. */
  readonly absentFromSpans?: readonly (string | RegExp)[];
}

/** Whether it tells of an operation, of an event of one, or of callers that were not admitted. */
export function isOfOperation(line: string): boolean {
  return [OPERATION, EVENT, REFUSED].some((msg) => line.includes(`"msg":"${msg}"`));
}

/** A test sends from one address what many callers would send from theirs. */
export const UNLIMITED = { CALLER_RATE: '100000/1s' };

const QUICK = { latencyMs: 0, quota: [] };

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const sandbox = await startSandbox({
    cronofy: { ...QUICK, ...options.sandbox?.cronofy },
    partoo: { ...QUICK, ...options.sandbox?.partoo },
  });
  const { absentFromSpans } = options;
  const searched =
    absentFromSpans && (await (await import('./telemetry/searched-spans.ts')).searchSpans(absentFromSpans));
  const environment = { ...sandbox.variables, ...searched?.environment, ...options.environment };
  const secrets = secretsIn(environment);
  const log: string[] = [];
  const operations: string[] = [];
  const settings = readSettings({
    PORT: '0',
    ADMIN_PORT: '0',
    ...UNLIMITED,
    ...environment,
  });
  const gateway = await startGateway(
    settings,
    createLog('trace', { write: (line) => void (isOfOperation(line) ? operations : log).push(line) }),
    sandbox.examples,
  );
  sandbox.notify(gateway.origin);
  return {
    origin: gateway.origin,
    adminOrigin: gateway.adminOrigin ?? '',
    sandbox,
    log,
    operations,
    async query(query, variables = {}, init = {}) {
      const response = await fetch(`${gateway.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
        ...init,
      });
      return { status: response.status, ...((await response.json()) as Omit<GraphQLAnswer, 'status'>) };
    },
    takeCalls() {
      const calls = {
        partoo: sandbox.partoo.calls.map(({ target }) => target),
        cronofy: sandbox.cronofy.calls.map(({ target }) => target),
      };
      sandbox.partoo.forgetCalls();
      sandbox.cronofy.forgetCalls();
      return calls;
    },
    async stop() {
      const view = await operatorsView(gateway.adminOrigin ?? '');
      await gateway.stop(1_000);
      await sandbox.stop();
      expectPrivateLog([...log, ...operations, ...view], secrets);
      await searched?.end(operations.length, secrets);
    },
  };
}
