// Cronofy for the live benchmark: its real quota and latency, and a number of invites without a reply. With a third argument
// it has no quota, and answers after so many milliseconds.

import { startCronofy } from '../../src/sandbox/cronofy.ts';

const [port = 0, invites = 0, latencyMs] = process.argv.slice(2).map(Number);
const cronofy = await startCronofy({ port, ...(latencyMs === undefined ? {} : { latencyMs, quota: [] }) }, []);
const time = { time: '2099-12-04T09:30:00+01:00', tzid: 'Europe/Paris' };
for (let n = 0; n < invites; n++) {
  cronofy.put({
    smart_invite_id: `invite-${n}`,
    // The benchmark sends the notifications itself: the imitation notifies this machine only.
    callback_url: 'https://gateway.example.com/webhooks/cronofy',
    recipient: { email: `invite-${n}@example.com`, status: 'pending' },
    event: { summary: 'Board meeting', start: time, end: time },
  });
}
