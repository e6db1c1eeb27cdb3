// Partoo's JSON against its contract, of which openapi.yaml beside this file is a copy.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ProviderBadResponse } from '../../../src/invitation/problem.ts';
import { decodeReviewInvitation } from '../../../src/providers/partoo/wire.ts';
import { reviewInvitationRef } from '../../refs.ts';

const Contract = z.object({
  paths: z.object({
    '/review_booster/invitation_status': z.object({
      get: z.object({
        parameters: z.array(z.object({ in: z.string(), name: z.string() })),
        responses: z.object({
          '200': z.object({
            content: z.object({
              'application/json': z.object({
                schema: z.object({
                  required: z.array(z.string()).default([]),
                  properties: z.object({ invitation_id: z.object(), status: z.object({ enum: z.array(z.string()) }) }),
                }),
              }),
            }),
          }),
        }),
      }),
    }),
  }),
  components: z.object({ schemas: z.object({ InvitationId: z.object({ example: z.string() }) }) }),
});

const contract = Contract.parse(parse(readFileSync(new URL('./openapi.yaml', import.meta.url), 'utf8')));
const answer =
  contract.paths['/review_booster/invitation_status'].get.responses['200'].content['application/json'].schema;
const statuses = answer.properties.status.enum;
const invitation_id = contract.components.schemas.InvitationId.example;
const asked = reviewInvitationRef(invitation_id);

describe('an answer within the contract', () => {
  test.each(statuses)('may have the status %s', (status) => {
    expect(decodeReviewInvitation({ invitation_id, status }, asked)).toEqual({
      type: 'ReviewInvitation',
      invitationId: invitation_id,
      deliveryStatus: status,
      rawStatus: status,
    });
  });

  test('has one of five statuses: the known ones are exactly those of the contract', () => {
    expect(statuses).toEqual(['CREATED', 'SENT', 'FAILED_SEND', 'DELIVERED', 'FAILED_DELIVERY']);
    const other = fc.oneof(
      fc.string(),
      fc.constantFrom(...statuses, 'QUEUED', 'UNKNOWN', 'constructor', '__proto__', '').map((s) => s.toLowerCase()),
      fc.constantFrom(...statuses).map((status) => `${status} `),
    );
    fc.assert(
      fc.property(
        other.filter((status) => !statuses.includes(status)),
        (status) => {
          expect(decodeReviewInvitation({ invitation_id, status }, asked)).toMatchObject({
            deliveryStatus: 'UNKNOWN',
            rawStatus: status,
          });
        },
      ),
    );
  });

  test('may lack both fields', () => {
    expect(answer.required).toEqual([]);
    const empty = { type: 'ReviewInvitation', invitationId: invitation_id, deliveryStatus: 'UNKNOWN', rawStatus: null };
    expect(decodeReviewInvitation({}, asked)).toEqual(empty);
    expect(decodeReviewInvitation({ invitation_id }, asked)).toEqual(empty);
    expect(decodeReviewInvitation({ status: 'SENT' }, asked)).toEqual({
      ...empty,
      deliveryStatus: 'SENT',
      rawStatus: 'SENT',
    });
  });
});

describe('an answer beyond the contract', () => {
  test('may have null for a field', () => {
    expect(decodeReviewInvitation({ invitation_id: null, status: null }, asked)).toMatchObject({
      invitationId: invitation_id,
      deliveryStatus: 'UNKNOWN',
      rawStatus: null,
    });
  });

  test('keeps an unknown status to the letter', () => {
    expect(decodeReviewInvitation({ invitation_id, status: 'QUEUED_BY_CARRIER' }, asked)).toMatchObject({
      deliveryStatus: 'UNKNOWN',
      rawStatus: 'QUEUED_BY_CARRIER',
    });
  });

  test('may have more fields, which are ignored', () => {
    const decoded = decodeReviewInvitation({ invitation_id, status: 'SENT', phone: '+33612345678' }, asked);
    expect(Object.keys(decoded).toSorted()).toEqual(['deliveryStatus', 'invitationId', 'rawStatus', 'type']);
  });

  test.each([
    ['another invitation', { invitation_id: 'another', status: 'SENT' }],
    ['the same id in another case', { invitation_id: invitation_id.toUpperCase(), status: 'SENT' }],
    ['no id at all, but an empty one', { invitation_id: '', status: 'SENT' }],
    ['an id that is a number', { invitation_id: 1, status: 'SENT' }],
    ['a status that is a number', { invitation_id, status: 1 }],
    ['a status that is a list', { invitation_id, status: ['SENT'] }],
    ['a status that is an object', { invitation_id, status: { name: 'SENT' } }],
    ['null', null],
    ['a list', []],
    ['a list of answers', [{ invitation_id, status: 'SENT' }]],
    ['a text', 'SENT'],
    ['a number', 1],
    ['true', true],
    ['nothing', undefined],
  ])('is refused where it is about, or is, %s', (_, json) => {
    expect(() => decodeReviewInvitation(json, asked)).toThrow(ProviderBadResponse);
  });
});
