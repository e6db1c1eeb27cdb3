// Both sandbox providers for the quota benchmark: so many live invitations, whose states change at random, with quotas
// on and time running faster. Prints once a second how many calls it had, and how many of them it refused with a 429.

import { startCronofy } from '../../src/sandbox/cronofy.ts';
import { startPartoo } from '../../src/sandbox/partoo.ts';

const [partooPort = 0, cronofyPort = 0, each = 0, speed = 1] = process.argv.slice(2).map(Number);

const partoo = await startPartoo(
  { port: partooPort, latencyMs: 120 / speed, quota: [{ limit: 300, windowMs: 60_000 / speed }] },
  [],
);
const cronofy = await startCronofy(
  {
    port: cronofyPort,
    latencyMs: 120 / speed,
    quota: [
      { limit: 50, windowMs: 1_000 / speed },
      { limit: 500, windowMs: 60_000 / speed },
    ],
  },
  [],
);

const event = {
  summary: 'Board meeting',
  start: { time: '2099-12-04T09:30:00+01:00', tzid: 'Europe/Paris' },
  end: { time: '2099-12-04T10:30:00+01:00', tzid: 'Europe/Paris' },
};

function change(n: number): void {
  const isOdd = Math.random() < 0.5;
  partoo.put({ invitation_id: `review-${n}`, status: isOdd ? 'CREATED' : 'SENT' });
  const recipient = { email: `invite-${n}@example.com`, status: isOdd ? 'tentative' : 'accepted' };
  cronofy.put({ smart_invite_id: `invite-${n}`, recipient, event });
}

for (let n = 0; n < each; n++) change(n);
setInterval(() => change(Math.floor(Math.random() * each)), 50);

setInterval(() => {
  const counts = [partoo, cronofy].map(({ calls, forgetCalls }) => {
    const count = { calls: calls.length, throttled: calls.filter(({ status }) => status === 429).length };
    forgetCalls();
    return count;
  });
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}, 1_000);
