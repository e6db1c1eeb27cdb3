// What is told of each operation when it is answered, by every door alike.

import { BlockList } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OPEN } from '../../src/access/admission.ts';
import { openViewer } from '../../src/access/viewer.ts';
import { ProviderTimeout } from '../../src/invitation/problem.ts';
import { schema } from '../../src/schema/index.ts';
import { takesAnyHost } from '../../src/server/foreign-host.ts';
import { createGraphQLService } from '../../src/server/graphql.ts';
import { OperationRecord } from '../../src/server/operation-record.ts';
import { startServer } from '../../src/server/server.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { boundless } from '../rates.ts';
import { DOORS, POST } from './doors.ts';

const OPTIONS = {
  host: '127.0.0.1',
  port: 0,
  publicOrigin: undefined,
  trustedProxies: new BlockList(),
  corsOrigins: [],
  corsHeaders: [],
};

const LISTED = 'query Listed { __typename }';

/** Of refs only the one that is `there` can be read. */
const loaders = {
  invitation: {
    load: ({ ref }: { ref: { parts: { invitationId: string } } }) =>
      ref.parts.invitationId === 'there' ? null : Promise.reject(new ProviderTimeout('PARTOO')),
  },
};

async function start(trusted?: string) {
  const told: OperationRecord[] = [];
  const log = createLog('silent');
  const graphql = createGraphQLService({
    schema,
    createContext(_, given) {
      given.given('PARTOO', 'fresh', 12);
      return { loaders };
    },
    trustedDocuments: trusted === undefined ? undefined : [{ id: '1', text: trusted }],
    introspection: true,
    operationRate: boundless(),
    tabs: undefined,
    log,
    listener: { answered: (operation) => void told.push(operation) },
  });
  const routes = {
    graphql,
    admission: OPEN,
    isOwnHost: takesAnyHost,
    webhooks: () => undefined,
    isConfigured: true,
    degraded: () => [],
    tabs: undefined,
  };
  const server = await startServer(routes, OPTIONS, log);
  onTestFinished(() => server.stop(100));
  return { origin: server.origin, told };
}

const TRANSPORTS: Record<string, string> = {
  POST: 'post',
  'POST for graphql-response+json': 'post',
  'POST for events': 'sse',
  GET: 'get',
  'GET for graphql-response+json': 'get',
  'GET for events': 'sse',
  'a WebSocket, shown in connection_init': 'websocket',
  'a WebSocket, shown in the header of its upgrade': 'websocket',
};

describe.each(DOORS)('by $name', ({ name, ask }) => {
  const transport = TRANSPORTS[name];

  test.each([
    ['without errors', '{ __typename }', 'query', 'ok', []],
    ['that fails', '{ reviewInvitation(invitationId: "gone") { id } }', 'query', 'failed', ['PROVIDER_TIMEOUT']],
    [
      'of which a part fails',
      '{ __typename reviewInvitation(invitationId: "gone") { id } }',
      'query',
      'partial',
      ['PROVIDER_TIMEOUT'],
    ],
    ['that cannot be run', '{ nothing }', undefined, 'refused', ['BAD_USER_INPUT']],
  ])('an operation %s is told once', async (_, query, type, outcome, codes) => {
    const { origin, told } = await start();
    await ask(origin, undefined, { query });
    await vi.waitUntil(() => told.length > 0);
    const [operation] = told;
    const documentHow = type === undefined ? 'refused' : 'prepared';
    expect(operation).toMatchObject({ transport, outcome, codes, documentHow });
    expect(operation?.operation?.type).toBe(type);
    expect(operation?.refs).toMatchObject(type === undefined ? [] : [{ provider: 'PARTOO', how: 'fresh', count: 1 }]);
    expect(operation?.endedAt).toBeGreaterThanOrEqual(operation?.startedAt ?? Number.NaN);
    expect(told).toHaveLength(1);
  });

  test('what cannot be an operation is told as refused', async () => {
    const { origin, told } = await start();
    await ask(origin, undefined, { query: '{ __typename }', documentId: ' '.repeat(300) });
    expect(told).toMatchObject([{ transport, outcome: 'refused', codes: ['BAD_USER_INPUT'] }]);
    expect(told[0]?.documentHow).toBeUndefined();
  });
});

test('a document is told by a digest of its text, and by its name where the operator has listed it', async () => {
  const { origin, told } = await start(LISTED);
  await POST.ask(origin, undefined, { query: LISTED });
  const { operation, documentHow } = told[0] ?? {};
  expect(documentHow).toBe('trusted');
  expect(operation?.digest).toMatch(/^[0-9a-f]{12}$/);
  expect(operation?.trustedName).toBe('Listed');
  const other = await start();
  await POST.ask(other.origin, undefined, { query: LISTED });
  expect(other.told[0]?.operation?.digest).toBe(operation?.digest);
  expect(other.told[0]?.operation?.trustedName).toBeUndefined();
});

test('a subscription over a way that takes no events is refused', async () => {
  const { origin, told } = await start();
  const query = 'subscription { invitationChanged(refs: [{ id: "a" }]) { id } }';
  await POST.ask(origin, undefined, { query });
  expect(told).toMatchObject([{ outcome: 'refused', codes: ['BAD_USER_INPUT'] }]);
});

test('what is told of an operation after it is over changes nothing in its record', () => {
  const answered = vi.fn();
  const record = new OperationRecord('post', openViewer('192.0.2.1'), 'one', { answered });
  record.end({ data: {} });
  const late = { message: 'late', extensions: { code: 'PROVIDER_TIMEOUT', retryable: true, provider: 'PARTOO' } };
  record.end({ errors: [late] });
  expect(answered).toHaveBeenCalledOnce();
  expect(record).toMatchObject({ outcome: 'ok', codes: [], providers: [] });
});

test('how refs are answered is noted by provider and way until the operation is over, and told from then on', () => {
  const givenLater = vi.fn();
  const record = new OperationRecord('sse', openViewer('192.0.2.1'), 'one', { givenLater });
  record.given('PARTOO', 'fresh', 12);
  record.given('CRONOFY', 'fresh', 80_000_000, true);
  record.given('PARTOO', 'fresh', 13);
  record.given('PARTOO', 'failed', Number.NaN);
  record.end({ data: {} });
  const noted = [
    { provider: 'PARTOO', how: 'fresh', count: 2, agesMs: [12, 13] },
    { provider: 'CRONOFY', how: 'fresh', count: 1, agesMs: [] },
    { provider: 'PARTOO', how: 'failed', count: 1, agesMs: [] },
  ];
  expect(record.refs).toMatchObject(noted);
  expect(givenLater).not.toHaveBeenCalled();
  record.given('CRONOFY', 'stale', 4_000);
  expect(givenLater.mock.calls).toMatchObject([
    [{ provider: 'CRONOFY', how: 'stale', agesMs: [4_000] }, record.viewer],
  ]);
  expect(record.refs).toMatchObject(noted);
});
