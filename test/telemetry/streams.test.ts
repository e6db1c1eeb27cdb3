// What is told of streams while they are open, over both transports: how many there are, and what is wrong in their events.

import { expect, onTestFinished, test, vi } from 'vitest';
import type { StatusReport } from '../../src/telemetry/status/report.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { operatorsView } from '../operators-view.ts';
import { openSocket } from '../server/socket-client.ts';
import { collect } from './metrics/collected.ts';

async function start(): Promise<TestGateway> {
  const gateway = await startTestGateway();
  onTestFinished(() => gateway.stop());
  return gateway;
}

const LIVE = 'subscription Live($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id } }';

const payloadFor = (...ids: string[]) => ({ query: LIVE, variables: { refs: ids.map(review) } });

async function reportOf({ adminOrigin }: TestGateway): Promise<StatusReport> {
  const [, event = ''] = await operatorsView(adminOrigin);
  return JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '');
}

/** Waits until so many are open, by the metrics and on the page. */
async function expectOpen(gateway: TestGateway, sse: number, websocket: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const samples = await collect(gateway.adminOrigin);
      const told = ['sse', 'websocket'].map((each) => samples.get(`gateway_streams{transport="${each}"}`));
      expect(told).toEqual([sse, websocket]);
    },
    { interval: 20 },
  );
  expect((await reportOf(gateway)).streams.open).toBe(sse + websocket);
}

test('those that are open are told by transport, however they end', async () => {
  const gateway = await start();
  const [first, second] = [subscribeTo(gateway.origin, [review('review-sent')]), await openSocket(gateway.origin)];
  const third = await openSocket(gateway.origin);
  for (const id of ['1', '2', '3']) second.subscribe(id, payloadFor('review-sent'));
  third.subscribe('1', payloadFor('review-sent'));
  await Promise.all([first.first(1), second.first(1, '3'), third.first(1, '1')]);
  await expectOpen(gateway, 1, 4);
  second.send({ id: '1', type: 'complete' });
  await expectOpen(gateway, 1, 3);
  third.socket.terminate();
  await expectOpen(gateway, 1, 2);
  first.leave();
  await expectOpen(gateway, 0, 2);
  second.socket.close();
  await expectOpen(gateway, 0, 0);
  // Nothing in them can change: they complete by themselves.
  const final = subscribeTo(gateway.origin, [review('no-such-review')]);
  await final.completed;
  const fourth = await openSocket(gateway.origin);
  fourth.subscribe('1', payloadFor('no-such-review'));
  await fourth.outcomeOf('1');
  await expectOpen(gateway, 0, 0);
});

test('one that cannot begin is none', async () => {
  const gateway = await start();
  const socket = await openSocket(gateway.origin);
  socket.subscribe('1', { query: LIVE, variables: { refs: [] } });
  await socket.outcomeOf('1');
  await subscribeTo(gateway.origin, []).first(1);
  await expectOpen(gateway, 0, 0);
});

/** A stream whose first event has an error, and is there. */
const BEGIN = {
  sse: ({ origin }: TestGateway, id: string) => subscribeTo(origin, [review(id)]).first(1),
  websocket: async ({ origin }: TestGateway, id: string) => {
    const socket = await openSocket(origin);
    socket.subscribe('1', payloadFor(id));
    await socket.first(1, '1');
  },
};

test.each(['sse', 'websocket'] as const)(
  'an error in an event over %s is told as one of an answer',
  async (transport) => {
    const gateway = await start();
    gateway.sandbox.partoo.misbehave({ status: 401 });
    await BEGIN[transport](gateway, 'review-sent');
    gateway.sandbox.partoo.misbehave({ status: 400 });
    await BEGIN[transport](gateway, 'review-created');

    const samples = await collect(gateway.adminOrigin);
    const errors = [...samples].filter(([series, value]) => series.startsWith('gateway_errors_total') && value > 0);
    expect(Object.fromEntries(errors)).toEqual({
      'gateway_errors_total{code="PROVIDER_UNAUTHORIZED"}': 1,
      'gateway_errors_total{code="PROVIDER_REJECTED"}': 1,
    });
    // That they have begun is all that is told of the operations.
    expect(samples.get(`gateway_operations_total{type="subscription",transport="${transport}",outcome="ok"}`)).toBe(2);

    const { problems, problemsByCode } = await reportOf(gateway);
    expect(problems).toEqual([
      { at: expect.any(Number), code: 'PROVIDER_REJECTED', provider: 'PARTOO', count: 1 },
      { at: expect.any(Number), code: 'PROVIDER_UNAUTHORIZED', provider: 'PARTOO', count: 1 },
    ]);
    expect(problemsByCode.map(({ count }) => count)).toEqual([1, 1]);

    const lines = gateway.operations.map((line) => JSON.parse(line)).filter(({ msg }) => msg === EVENT);
    expect(lines.map(({ level, code }) => [level, code])).toEqual([
      [30, 'PROVIDER_UNAUTHORIZED'],
      [20, 'PROVIDER_REJECTED'],
    ]);
    expect(lines[0]).toEqual({
      level: 30,
      time: expect.any(Number),
      msg: EVENT,
      requestId: expect.stringMatching(/^[\w-]{8,64}$/),
      viewer: expect.stringMatching(/^[\w-]{11}$/),
      document: expect.stringMatching(/^[0-9a-f]{12}$/),
      type: 'subscription',
      transport,
      code: 'PROVIDER_UNAUTHORIZED',
    });
  },
);

const EVENT = 'an event of a stream has failed';
