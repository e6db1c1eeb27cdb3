// `npm run sandbox`: the imitations alone, for developing against the providers' APIs without accounts.

import { parseArgs } from 'node:util';
import { IMITATION_NAMES, type SandboxOptions, startSandbox } from './sandbox.ts';

/** The first one listens here, the next ones ten ports further each. */
const FIRST_PORT = 4_010;
const PORTS = IMITATION_NAMES.map((name, n) => ({
  option: `${name}-port`,
  name,
  port: FIRST_PORT + n * 10,
}));

const { values } = parseArgs({
  options: {
    'latency-ms': { type: 'string', default: '120' },
    'no-quota': { type: 'boolean', default: false },
    ...Object.fromEntries(
      PORTS.map(({ option, port }) => [option, { type: 'string', default: String(port) } as const]),
    ),
  },
});

const common = { latencyMs: Number(values['latency-ms']), ...(values['no-quota'] ? { quota: [] } : {}) };
const options: SandboxOptions = Object.fromEntries(
  PORTS.map(({ option, name }) => [name, { ...common, port: Number(Reflect.get(values, option)) }]),
);
const sandbox = await startSandbox(options);

const variables = Object.entries(sandbox.variables).map(([name, value]) => `  ${name}=${value}`);
const reads = IMITATION_NAMES.map((name) => `  ${sandbox[name].readExample}`);
process.stdout.write(`The providers, imitated on this machine. Reach them with:

${variables.join('\n')}

Try:
${reads.join('\n')}
`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sandbox.stop());
