// Two tenants, each with accounts at imitations of its own, where the same ids are other invitations; and gateways that serve
// both, over real HTTP.

import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type RunningGateway, startGateway } from '../../src/gateway.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Environment, readSettings } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { GraphQLAnswer } from '../harness.ts';
import { operatorsView } from '../operators-view.ts';
import { expectPrivateLog, secretsIn } from '../private.ts';
import { SECRET, sign } from './tokens.ts';

export const NAMES = ['acme', 'beta'] as const;
export type Name = (typeof NAMES)[number];

/** What signs each tenant's notifications beside what all imitations share. */
export const WEBHOOK_SECRETS: Readonly<Record<Name, string>> = { acme: 'webhooks-of-acme', beta: 'webhooks-of-beta' };

export interface TenantsFile {
  readonly path: string;
  write(tenants: object | string): void;
}

export function writeTenants(tenants: object | string): TenantsFile {
  const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'tenants.json');
  const write = (all: object | string) => writeFileSync(path, typeof all === 'string' ? all : JSON.stringify(all));
  write(tenants);
  return { path, write };
}

export interface World {
  readonly sandboxes: Readonly<Record<Name, Sandbox>>;
  /** What stands in the file of each. */
  readonly members: Readonly<Record<Name, TenantMembers>>;
  readonly environment: Environment & Record<string, string>;
}

export interface TenantMembers {
  readonly partoo: Readonly<Record<string, unknown>>;
  readonly cronofy: Readonly<Record<string, unknown>>;
}

/** The imitations, and the settings that reach them. */
export async function startWorld(quota = '10000/1s'): Promise<World> {
  const quick = { latencyMs: 0, quota: [] };
  const [acme, beta] = await Promise.all(NAMES.map(() => startSandbox({ cronofy: quick, partoo: quick })));
  if (acme === undefined || beta === undefined) throw new Error('no imitations');
  onTestFinished(async () => void (await Promise.all([acme.stop(), beta.stop()])));
  const membersOf = (name: Name, { variables }: Sandbox): TenantMembers => ({
    partoo: { apiKey: { env: 'PARTOO_KEY' }, baseUrl: variables.PARTOO_BASE_URL, quota },
    cronofy: { clientSecret: { env: `CRONOFY_${name}` }, baseUrl: variables.CRONOFY_BASE_URL, quota },
  });
  return {
    sandboxes: { acme, beta },
    members: { acme: membersOf('acme', acme), beta: membersOf('beta', beta) },
    environment: {
      PORT: '0',
      ADMIN_PORT: '0',
      AUTH_JWT_SECRET: SECRET,
      CALLER_RATE: '100000/1s',
      PARTOO_KEY: acme.variables.PARTOO_API_KEY ?? '',
      CRONOFY_acme: `${acme.variables.CRONOFY_CLIENT_SECRET},${WEBHOOK_SECRETS.acme}`,
      CRONOFY_beta: `${beta.variables.CRONOFY_CLIENT_SECRET},${WEBHOOK_SECRETS.beta}`,
    },
  };
}

export interface TenantsGateway {
  readonly origin: string;
  readonly gateway: RunningGateway;
  /** Every line logged so far. */
  readonly log: readonly string[];
  /** The token of a viewer of a tenant, or of whatever the claims say. */
  query(token: string, query: string, variables?: object): Promise<GraphQLAnswer>;
  notify(path: string, body: string, secret: string): Promise<number>;
  ready(): Promise<{ status: string; degraded: string[] }>;
}

export async function serve(environment: Environment): Promise<TenantsGateway> {
  const log: string[] = [];
  const write = (line: string) => void log.push(line);
  const secrets = secretsIn(environment);
  const gateway = await startGateway(readSettings(environment), createLog('trace', { write }));
  onTestFinished(async () => {
    const view = await operatorsView(gateway.adminOrigin ?? '');
    await gateway.stop(1_000);
    expectPrivateLog([...log, ...view], secrets);
  });
  return { gateway, log, ...clientOf(gateway.origin) };
}

export function clientOf(origin: string): Omit<TenantsGateway, 'gateway' | 'log'> {
  return {
    origin,
    async query(token, query, variables = {}) {
      const response = await fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, ...((await response.json()) as Omit<GraphQLAnswer, 'status'>) };
    },
    async notify(path, body, secret) {
      const signature = createHmac('sha256', secret).update(body).digest('base64');
      const headers = { 'content-type': 'application/json', 'cronofy-hmac-sha256': signature };
      const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status;
    },
    async ready() {
      return (await (await fetch(`${origin}/ready`)).json()) as { status: string; degraded: string[] };
    },
  };
}

export const tokenOf = (tenant: string | undefined, claims: object = {}) => sign({ tenant, ...claims });

export const REVIEW = 'query($id: ID!) { reviewInvitation(invitationId: $id) { rawStatus isStale } }';
export const INVITE = 'query($id: ID!) { smartInvite(smartInviteId: $id) { event { summary } recipients { status } } }';

/** An invite whose event names the tenant, and a callback at the tenant's path. */
export function inviteOf(name: Name, id: string, status = 'pending') {
  const at = (hours: number) => ({
    time: new Date(Date.now() + hours * 3_600_000).toISOString(),
    tzid: 'Europe/Paris',
  });
  return {
    smart_invite_id: id,
    recipient: { email: 'ann@example.com', status },
    replies: [],
    callback_url: null,
    event: { summary: name, description: null, start: at(24), end: at(25), location: null },
  };
}

/** What Cronofy says of a reply. */
export function notificationOf(id: string, status: string): string {
  const reply = { email: 'ann@example.com', status };
  return JSON.stringify({
    notification: { type: 'smart_invite' },
    smart_invite: { smart_invite_id: id, recipient: reply, reply },
  });
}
