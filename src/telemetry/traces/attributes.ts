// What spans say: words of closed lists, numbers, and what the operator has chosen. By OpenTelemetry's semantic conventions
// (GraphQL server, HTTP client; 1.37) where they have a name for it, and below `gateway.` where they have none.

import type { OperationRecord } from '../../server/operation-record.ts';
import { HOWS, type How } from '../../snapshots/given.ts';
import type { AttemptRecord, CallRecord } from '../../upstream/call-record.ts';
import type { Attributes } from './ended-span.ts';

/** The attribute of each way to answer a ref: made once, because it is asked for with every operation. */
const REFS = Object.fromEntries(HOWS.map((how) => [how, `gateway.refs.${how}`])) as Readonly<Record<How, string>>;

/** The kind of the operation, and its name where the operator has checked it. */
export function nameOfOperation({ operation }: OperationRecord): string | undefined {
  if (operation?.trustedName === undefined) return operation?.type;
  return `${operation.type} ${operation.trustedName}`;
}

export function attributesOfOperation(record: OperationRecord): Attributes {
  const { operation, viewer, transport, outcome, codes, refs } = record;
  const attributes: Record<string, string | number> = { 'gateway.transport': transport, 'gateway.outcome': outcome };
  if (operation !== undefined) {
    attributes['graphql.operation.type'] = operation.type;
    if (operation.trustedName !== undefined) attributes['graphql.operation.name'] = operation.trustedName;
    attributes['gateway.document'] = operation.digest;
  }
  if (viewer.tenant !== null) attributes['gateway.tenant'] = viewer.tenant.name;
  const [code] = codes;
  if (code !== undefined) attributes['error.type'] = code;
  for (const { how, count } of refs) attributes[REFS[how]] = Number(attributes[REFS[how]] ?? 0) + count;
  return attributes;
}

export function attributesOfCall(call: CallRecord, tenant: string | null): Attributes {
  const { template, payment, outcome, attempts, quotaWaitMs, connectionWaitMs } = call;
  const attributes: Record<string, string | number> = {
    'http.request.method': 'GET',
    'url.template': template,
    'gateway.payment': payment.how,
    'gateway.outcome': outcome,
    'gateway.attempts': attempts.length,
    'gateway.quota_wait_ms': quotaWaitMs,
    'gateway.connection_wait_ms': connectionWaitMs,
  };
  if (tenant !== null) attributes['gateway.tenant'] = tenant;
  const status = attempts.at(-1)?.status ?? 0;
  if (status !== 0) attributes['http.response.status_code'] = status;
  if (isFailed(call)) attributes['error.type'] = outcome;
  return attributes;
}

export function attributesOfAttempt({ startedAt, sentAt, endedAt, outcome, status }: AttemptRecord): Attributes {
  return {
    'gateway.outcome': outcome,
    'gateway.duration_ms': endedAt - startedAt,
    ...(Number.isNaN(sentAt) ? {} : { 'gateway.sent_after_ms': sentAt - startedAt }),
    ...(status === 0 ? {} : { 'http.response.status_code': status }),
  };
}

/** Whether it has not brought what it was made for. */
export function isFailed({ outcome }: CallRecord): boolean {
  return outcome !== 'ok' && outcome !== 'not_found' && outcome !== 'cancelled';
}
