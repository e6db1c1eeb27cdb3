// The process: settings → gateway → listen → signals. The one place that reads the environment.

import { startGateway } from './gateway.ts';
import { readSettings, type Settings, SettingsError } from './settings.ts';
import { createLog } from './telemetry/log.ts';

/** Longest that a request in flight may take to finish after SIGTERM. */
const DRAIN_TIMEOUT_MS = 9_000;

try {
  const settings = await withSandbox(readSettings(process.env));
  const gateway = await startGateway(settings, createLog(settings.logLevel));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      await gateway.stop(DRAIN_TIMEOUT_MS);
      process.exit(0);
    });
  }
  // Last, because whoever reads it may send a signal at once.
  process.stdout.write(banner(gateway.origin, settings));
} catch (error) {
  process.stderr.write(`${faultOf(error)}\n`);
  process.exit(1);
}

/** With the sandbox on, its imitations take the providers' place, through the very settings that real ones have. */
async function withSandbox(settings: Settings): Promise<Settings> {
  if (!settings.sandbox) return settings;
  const { startSandbox } = await import('./sandbox/sandbox.ts');
  const { variables } = await startSandbox();
  return { ...readSettings({ ...process.env, ...variables }), sandbox: true };
}

function banner(origin: string, settings: Settings): string {
  const providers = settings.accounts.map(({ provider }) => provider).join(', ');
  const lines = [
    `The invitation gateway listens on ${origin}/graphql`,
    settings.sandbox
      ? 'Providers: the sandbox (no key is set, so both are imitated on this machine; the README tells how to set keys)'
      : `Providers: ${providers || 'none: set PARTOO_API_KEY or CRONOFY_CLIENT_SECRET'}`,
    ...(settings.graphiql
      ? [`Open ${origin}/graphql in a browser for GraphiQL, and run its first tab with Ctrl-Enter`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function faultOf(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return 'The port is in use: set PORT to another one, or end what listens there.';
  return `The gateway could not start: ${error instanceof Error ? error.stack : String(error)}`;
}
