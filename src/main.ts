// The process: settings → gateway → listen → signals, or with `--check` a report on the settings and nothing else, or with
// `--compile` only what Node keeps of the sources. The one place that reads the environment.

import { getCompileCacheDir } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { type RunningGateway, startGateway } from './gateway.ts';
import { UntrustworthyDocuments } from './operations/trusted-documents.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { AdminUnavailable } from './server/admin.ts';
import { listenFault } from './server/listen-fault.ts';
import { replaceVariables } from './settings/environment.ts';
import { PROVIDER_SECRETS } from './settings/known.ts';
import { reportSettings } from './settings/report.ts';
import { readSettings, readTenantsAnew, type Settings, SettingsError } from './settings.ts';
import { createLog, type Logger } from './telemetry/log.ts';

/** Longest that a request in flight may take to finish once the listener is closed. */
const FINISH_TIMEOUT_MS = 9_000;

/** A terminal sends a signal to npm and to us, and npm passes its own on: two so close to each other are one. */
const SAME_SIGNAL_MS = 500;

const OPEN_TO_ALL =
  'Callers need no token. Anyone who reaches it reads everything: set AUTH_JWKS_URL or AUTH_JWT_SECRET, and AUTH to required.';

const TOKEN_HINT = 'Callers need a token: `npm run token -- --all` prints one, with the same AUTH_JWT_SECRET';

const DRAINS =
  'the gateway stops: it serves on while callers are sent elsewhere, unless a second signal (Ctrl-C) comes';

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--check' && arg !== '--compile');
if (unknown !== undefined)
  fail(`Unknown argument${nameOf(unknown)}: there are --check and --compile, and settings are environment variables.`);
else if (args.includes('--check')) check();
else if (args.includes('--compile')) await compile();
else await serve().catch((error: unknown) => fail(faultOf(error)));

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The name of an option, which is shown. The rest of an argument may be a secret that belongs into a variable. */
function nameOf(argument: string): string {
  const name = /^--?[a-z][a-z-]*(?![^=])/.exec(argument)?.[0];
  return name === undefined ? '' : ` ${name}`;
}

function check(): void {
  const { text, isRight } = reportSettings(process.env);
  process.stdout.write(text);
  process.exitCode = isRight ? 0 : 1;
}

/** Loads all that a gateway may load: Node keeps it as it ends, in the folder that NODE_COMPILE_CACHE names. */
async function compile(): Promise<void> {
  if (getCompileCacheDir() === undefined) fail('NODE_COMPILE_CACHE names no folder that can be written to.');
  await Promise.all([
    import('./gateway/metrics-route.ts'),
    import('./gateway/status-route.ts'),
    import('./redis/redis.ts'),
    import('./sandbox/sandbox.ts'),
    import('./telemetry/traces/traces.ts'),
  ]);
}

async function serve(): Promise<void> {
  const real = readSettings(process.env);
  // With the sandbox on, its imitations replace the providers, through the same settings as real ones.
  const sandbox = real.sandbox ? await startSandbox() : undefined;
  const settings =
    sandbox === undefined ? real : readSettings(replaceVariables(process.env, { ...sandbox.variables, SANDBOX: 'on' }));
  const log = createLog(settings.logLevel);
  const starting = startGateway(settings, log, sandbox?.examples);
  // At once: a process without a listener is ended by the signal, as one without such a file is.
  if (settings.tenants !== undefined) readTenantsOnSignal(starting, settings, log);
  const gateway = await starting;
  sandbox?.notify(gateway.origin);
  // A fault of ours in work without a caller: it is logged, and the rest goes on.
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise was rejected and nobody heard'));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the gateway cannot go on');
    process.exit(1);
  });
  stopOnSignal(gateway, settings.drainMs, log);
  // Last, because the reader of the banner may send a signal at once.
  process.stdout.write(banner(gateway, real, sandbox));
}

/** The first signal begins the drain, a second one ends it early, and a third one does not wait for what is in flight. */
function stopOnSignal(gateway: RunningGateway, drainMs: number, log: Logger): void {
  const hurried = Promise.withResolvers<void>();
  const stop = async () => {
    log.info({ drainMs }, drainMs === 0 ? 'the gateway stops' : DRAINS);
    gateway.drain(drainMs);
    await Promise.race([setTimeout(drainMs), hurried.promise]);
    await gateway.stop(FINISH_TIMEOUT_MS);
    process.exit(0);
  };
  const steps = [stop, hurried.resolve, () => process.exit(1)];
  let lastAt = Number.NEGATIVE_INFINITY;
  const onSignal = () => {
    const now = performance.now();
    if (now - lastAt < SAME_SIGNAL_MS) return;
    lastAt = now;
    void steps.shift()?.();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
}

/** A list with a mistake in it changes nothing. */
function readTenantsOnSignal(starting: Promise<RunningGateway>, { access }: Settings, log: Logger): void {
  process.on('SIGHUP', async () => {
    try {
      const gateway = await starting;
      const tenants = readTenantsAnew(process.env, access?.authority);
      gateway.replaceTenants(tenants);
      log.info({ tenants: tenants.size }, 'the tenants were read anew');
    } catch (error) {
      if (error instanceof SettingsError) log.error(`The tenants stay as they are. ${error.message}`);
      else log.error({ err: error }, 'the tenants could not be read anew');
    }
  });
}

async function startSandbox() {
  const { startSandbox } = await import('./sandbox/sandbox.ts');
  return startSandbox();
}

/** @param real The settings as they were given; those in use may reach the sandbox. */
function banner({ origin, adminOrigin }: RunningGateway, real: Settings, sandbox: Sandbox | undefined): string {
  const lines = [
    `The invitation gateway listens on ${origin}/graphql`,
    sandbox !== undefined ? `Providers: the sandbox (${whyImitated(real)})` : whoseAccounts(real),
    ...(real.graphiql
      ? [`Open ${origin}/graphql in a browser for GraphiQL, and run its first tab with Ctrl-Enter`]
      : []),
  ];
  if (adminOrigin !== undefined) lines.push(`Operators see what it does: ${adminOrigin}/status`);
  if (sandbox !== undefined) lines.push(...sandbox.hints);
  if (sandbox !== undefined && real.access?.authority?.secrets.length) lines.push(TOKEN_HINT);
  if (sandbox === undefined && real.access === undefined && real.accounts.length > 0) lines.push(OPEN_TO_ALL);
  return `${lines.join('\n')}\n`;
}

function whyImitated({ accounts }: Settings): string {
  const unused = accounts.map(({ provider }) => provider).join(' and ');
  if (unused === '') return 'no key is set, so all are imitated on this machine; the README tells how to set keys';
  return `SANDBOX is on: all are imitated on this machine, and what is set for ${unused} is not used`;
}

function whoseAccounts({ accounts, tenants }: Settings): string {
  if (tenants !== undefined) return `Tenants: ${tenants.size}, each with accounts of its own`;
  const providers = accounts.map(({ provider }) => provider).join(', ');
  return `Providers: ${providers || `none: set ${PROVIDER_SECRETS.join(' or ')}, or TENANTS_FILE`}`;
}

function faultOf(error: unknown): string {
  if (error instanceof SettingsError || error instanceof UntrustworthyDocuments) return error.message;
  if (error instanceof AdminUnavailable) return listenFault(error.cause, 'ADMIN_') ?? faultOf(error.cause);
  return listenFault(error) ?? `The gateway could not start: ${error instanceof Error ? error.stack : String(error)}`;
}
