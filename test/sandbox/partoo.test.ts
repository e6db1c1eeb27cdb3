// The Partoo imitation against Partoo's own OpenAPI document: what the gateway is tried with is what the contract says.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ImitationOptions } from '../../src/sandbox/imitation.ts';
import { PARTOO_API_KEY, type PartooImitation, startPartoo } from '../../src/sandbox/partoo.ts';
import { seededReviewInvitations } from '../../src/sandbox/partoo-scenario.ts';

const READ = '/review_booster/invitation_status';
const READ_POINTER = `partoo#/paths/${READ.replaceAll('/', '~1')}/get/responses`;

const document = parse(readFileSync(new URL('../providers/partoo/openapi.yaml', import.meta.url), 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'partoo');

/** Nothing but what the document names: an imitation that invents fields would teach the gateway to rely on them. */
const contract: Readonly<Record<number, ValidateFunction>> = {
  200: ajv.compile({ $ref: `${READ_POINTER}/200/content/application~1json/schema`, unevaluatedProperties: false }),
  400: ajv.compile({
    $ref: 'partoo#/components/responses/400/content/application~1json/schema',
    unevaluatedProperties: false,
  }),
  404: ajv.compile({
    $ref: 'partoo#/components/responses/404/content/application~1json/schema',
    unevaluatedProperties: false,
  }),
};

function faultsOf(status: number, body: unknown): string[] {
  const validate = contract[status];
  if (validate === undefined) throw new Error(`the document has no answer ${status}`);
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

let partoo: PartooImitation | undefined;
afterEach(() => partoo?.stop());

async function start(options: ImitationOptions = {}): Promise<PartooImitation> {
  partoo = await startPartoo({ latencyMs: 0, quota: [], ...options });
  return partoo;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the imitation said, to be judged by the test
  readonly body: any;
}

async function call(method: string, path: string, json?: object, key = PARTOO_API_KEY): Promise<Answer> {
  const response = await fetch(`${partoo?.origin}${path}`, {
    method,
    headers: { 'x-APIKey': key, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const read = (id: string, key?: string) =>
  call('GET', `/v2${READ}?${new URLSearchParams({ invitation_id: id })}`, undefined, key);

test('the imitation of Partoo uses the paths of the document, under /v2, and the key in the header that it names', async () => {
  const { variables } = await start();
  expect(document.servers.every(({ url }: { url: string }) => url.endsWith('/v2'))).toBe(true);
  expect(Object.keys(document.paths)).toEqual([READ]);
  expect(document.components.securitySchemes.ApiKeyAuth).toMatchObject({ in: 'header', name: 'x-APIKey' });
  expect(variables).toEqual({ PARTOO_API_KEY, PARTOO_BASE_URL: `${partoo?.origin}/v2` });
});

describe('the contract', () => {
  test('can be violated: the check finds faults', () => {
    expect(faultsOf(200, { invitation_id: 7, status: 'SENT', more: true })).toEqual([
      '/invitation_id type',
      ' unevaluatedProperties',
    ]);
    expect(faultsOf(400, { errors: { json: 'text' } })).toEqual(['/errors/json type']);
    expect(faultsOf(404, { errors: { json: {} } })).toEqual(['/errors/json type']);
  });

  const known = seededReviewInvitations.filter(({ invitation_id }) => invitation_id !== 'review-unknown-status');

  test.each(known)('holds for the seeded invitation $invitation_id', async ({ invitation_id }) => {
    await start();
    const { status, headers, body } = await read(invitation_id);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(faultsOf(200, body)).toEqual([]);
    if (invitation_id !== 'review-empty') expect(body.invitation_id).toBe(invitation_id);
  });

  test('holds for every state that a seeded invitation goes through', () => {
    const states = known.flatMap(({ way }) => way.map(({ answer }) => answer));
    expect(states.length).toBeGreaterThan(known.length);
    expect(states.flatMap((state) => faultsOf(200, state))).toEqual([]);
    const enumeration =
      document.paths[READ].get.responses[200].content['application/json'].schema.properties.status.enum;
    expect(new Set(states.flatMap(({ status }) => status ?? []))).toEqual(new Set(enumeration));
  });

  test('has one seed alone with an unknown status, on purpose', async () => {
    await start();
    const { status, body } = await read('review-unknown-status');
    expect(status).toBe(200);
    expect(body).toEqual({ invitation_id: 'review-unknown-status', status: 'QUEUED_BY_CARRIER' });
    expect(faultsOf(200, body)).toEqual(['/status enum']);
  });

  test('allows an empty answer, and one seed has it', async () => {
    await start();
    expect(await read('review-empty')).toMatchObject({ status: 200, body: {} });
  });

  test.each([READ, `${READ}?invitation_id=`])('holds for the 400 to %s', async (path) => {
    await start();
    const { status, body } = await call('GET', `/v2${path}`);
    expect(status).toBe(400);
    expect(faultsOf(400, body)).toEqual([]);
    expect(body.errors.json).toHaveProperty('invitation_id');
  });

  test.each(['no-such-invitation', '../admin', 'REVIEW-SENT'])('holds for the 404 to %s', async (id) => {
    await start();
    const { status, body } = await read(id);
    expect(status).toBe(404);
    expect(faultsOf(404, body)).toEqual([]);
    expect(body.errors.json).toBe('Resource not found');
  });
});

describe('sending', () => {
  const INVITATION = { business_id: 'business-1', target_phone: '+33600000000' };

  test('creates an invitation that can be read and changed', async () => {
    await start();
    const sent = await call('POST', '/v2/review_booster/send_invitation', INVITATION);
    expect(sent).toMatchObject({ status: 200, body: { invitation_id: expect.any(String), status: 'success' } });
    const { invitation_id } = sent.body;
    expect(await read(invitation_id)).toMatchObject({ status: 200, body: { invitation_id, status: 'CREATED' } });

    for (const status of ['SENT', 'DELIVERED']) {
      expect((await call('POST', '/_control/move', { invitation_id, status })).status).toBe(204);
      const { body } = await read(invitation_id);
      expect(body).toEqual({ invitation_id, status });
      expect(faultsOf(200, body)).toEqual([]);
    }
  });

  test('gives every invitation its own id', async () => {
    await start();
    const first = await call('POST', '/v2/review_booster/send_invitation', INVITATION);
    const second = await call('POST', '/v2/review_booster/send_invitation', INVITATION);
    expect(first.body.invitation_id).not.toBe(second.body.invitation_id);
  });

  test.each(['business_id', 'target_phone'])('without %s is refused in the form of the 400', async (missing) => {
    await start();
    const { status, body } = await call('POST', '/v2/review_booster/send_invitation', {
      ...INVITATION,
      [missing]: undefined,
    });
    expect(status).toBe(400);
    expect(faultsOf(400, body)).toEqual([]);
    expect(Object.keys(body.errors.json)).toEqual([missing]);
  });
});

test('the control route changes the status of a seeded invitation, and lists the seeds', async () => {
  await start();
  const move = (json: object) => call('POST', '/_control/move', json);
  expect((await move({ invitation_id: 'review-waiting-1', status: 'FAILED_DELIVERY' })).status).toBe(204);
  expect((await read('review-waiting-1')).body).toEqual({
    invitation_id: 'review-waiting-1',
    status: 'FAILED_DELIVERY',
  });
  expect((await read('review-waiting-2')).body.status).toBe('SENT');
  expect((await move({ invitation_id: 'no-such-invitation', status: 'SENT' })).status).toBe(404);
  expect((await move({ invitation_id: 'review-waiting-1' })).status).toBe(400);
});

test('a wrong key is refused, whether the invitation exists or not, and uses no quota', async () => {
  await start({ quota: [{ limit: 1, windowMs: 60_000 }] });
  for (const id of ['review-sent', 'no-such-invitation']) {
    expect(await read(id, 'another-key')).toMatchObject({ status: 401, body: { error: { code: 401 } } });
  }
  expect((await read('review-sent')).status).toBe(200);
});

describe('the quota', () => {
  test('answers every call beyond its limit with 429 and Retry-After: 60', async () => {
    await start({ quota: [{ limit: 3, windowMs: 60_000 }] });
    for (const id of ['review-sent', 'no-such-invitation', 'review-sent']) {
      expect((await read(id)).status).not.toBe(429);
    }
    for (const id of ['review-sent', 'no-such-invitation']) {
      const { status, headers } = await read(id);
      expect(status).toBe(429);
      expect(headers.get('retry-after')).toBe('60');
    }
  });

  test('is 300 a minute by default', async () => {
    partoo = await startPartoo({ latencyMs: 0 });
    for (let n = 1; n <= 301; n += 1) await read('review-sent');
    const statuses = partoo.calls.map(({ status }) => status);
    expect(statuses.slice(0, 300).every((status) => status === 200)).toBe(true);
    expect(statuses.slice(300)).toEqual([429]);
  });
});
