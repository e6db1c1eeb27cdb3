// `npm run sandbox`: both imitations alone, for whoever wants to develop against the two APIs without accounts.

import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';

const { values } = parseArgs({
  options: {
    'partoo-port': { type: 'string', default: '4010' },
    'cronofy-port': { type: 'string', default: '4020' },
    'latency-ms': { type: 'string', default: '120' },
    'no-quota': { type: 'boolean', default: false },
  },
});

const common = { latencyMs: Number(values['latency-ms']), ...(values['no-quota'] ? { quota: [] } : {}) };
const sandbox = await startSandbox({
  partoo: { ...common, port: Number(values['partoo-port']) },
  cronofy: { ...common, port: Number(values['cronofy-port']) },
});

const variables = Object.entries(sandbox.variables).map(([name, value]) => `  ${name}=${value}`);
process.stdout.write(`Both providers, imitated on this machine. Reach them with:

${variables.join('\n')}

Try:
  curl -H 'x-APIKey: ${sandbox.variables.PARTOO_API_KEY}' '${sandbox.partoo.origin}/v2/review_booster/invitation_status?invitation_id=review-moving-1'
  curl -H 'Authorization: Bearer ${sandbox.variables.CRONOFY_CLIENT_SECRET}' '${sandbox.cronofy.origin}/v1/smart_invites?smart_invite_id=board-meeting'
`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sandbox.stop());
