// What is mended or left out of an answer of Cronofy's that its documentation does not allow in one place.

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderBadResponse } from '../../../src/invitation/problem.ts';
import { refOfGlobalId } from '../../../src/invitation/ref.ts';
import { snapshotOf } from '../../../src/invitation/snapshot.ts';
import { decodeSmartInvite } from '../../../src/providers/cronofy/wire.ts';
import { asked, askedAsWhole, EMAIL, event, example, without } from './example.ts';

describe('one misfit among many does not spoil the answer', () => {
  const person1 = { email: 'person1@example.com', status: 'accepted' };
  const silent = { status: 'UNKNOWN', rawStatus: null };
  const misfits = vi.fn();
  beforeEach(() => void misfits.mockClear());

  test.each<[string, object, object]>([
    ['a status that is no text', { status: 42 }, silent],
    ['a comment that is no text', { comment: ['late'] }, { comment: null, status: 'ACCEPTED' }],
    ['a proposal without an end', { proposal: { start: event.start } }, { proposal: null, status: 'ACCEPTED' }],
    ['a proposal at no time', { proposal: { ...event, end: 'noon' } }, { proposal: null, status: 'ACCEPTED' }],
    ['nothing but misfits', { status: {}, comment: 7, proposal: 'later' }, { ...silent, proposal: null }],
  ])('a reply with %s stays, without what cannot be read', (_, misfit, expected) => {
    const other = { email: 'person2@example.com', status: 'declined' };
    for (const name of ['replies', 'recipients']) {
      const json = {
        ...without('recipient'),
        recipients: [{ email: EMAIL }],
        [name]: [{ ...person1, ...misfit }, other],
      };
      const decoded = decodeSmartInvite(json, askedAsWhole, misfits);
      const list = name === 'replies' ? decoded.replies : decoded.recipients;
      expect(list).toHaveLength(2);
      expect(list[0]).toMatchObject({ email: person1.email, ...expected });
      expect(list[1]).toMatchObject({ email: other.email, status: 'DECLINED' });
    }
    expect(misfits.mock.calls).toEqual([[1], [1]]);
  });

  test.each<[string, unknown]>([
    ['is null', null],
    ['is no object', 'accepted'],
    ['is a list', [person1]],
    ['has no address', { status: 'accepted' }],
    ['has an empty address', { ...person1, email: '' }],
    ['has an address that is no text', { ...person1, email: 42 }],
    ['has control characters in its address', { ...person1, email: 'person1@example.com\r\n' }],
    ['has half a character in its address', { ...person1, email: 'person1\ud800@example.com' }],
    ['has an address of over 512 characters', { ...person1, email: `${'x'.repeat(501)}@example.com` }],
  ])('a reply that %s is left out', (_, misfit) => {
    const others = [person1, { email: EMAIL, status: 'declined' }];
    const json = { ...without('recipient'), replies: [misfit, ...others], recipients: [...others, misfit] };
    const { replies, recipients, recipient } = decodeSmartInvite(json, asked, misfits);
    expect(replies.map(({ email }) => email)).toEqual([person1.email, EMAIL]);
    expect(recipients).toEqual(replies);
    expect(recipient).toBeNull();
    expect(misfits.mock.calls).toEqual([[2]]);
  });

  test('one readable recipient of two does not count as the only one', () => {
    const recipients = [person1, { status: 'pending' }];
    expect(decodeSmartInvite({ ...without('recipient'), recipients }, askedAsWhole)).toMatchObject({
      recipient: null,
      recipients: [{ email: person1.email }],
    });
  });

  test('every global id that the gateway gives is accepted again', () => {
    const length = 512 - '@example.com'.length;
    for (const email of ['x@y', `${'x'.repeat(length)}@example.com`]) {
      const json = { ...without('recipient', 'replies'), recipient: { email, status: 'accepted' } };
      const { id } = snapshotOf(decodeSmartInvite(json, askedAsWhole), new Date());
      expect(refOfGlobalId(id)?.parts).toMatchObject({ recipientEmail: email });
    }
  });

  test('but an answer without a readable recipient that was asked for is refused, and no misfit is counted', () => {
    const recipients = [{ email: EMAIL.repeat(100), status: 'accepted' }, person1];
    const json = { ...without('recipient'), recipients };
    expect(() => decodeSmartInvite(json, asked, misfits)).toThrow(ProviderBadResponse);
    expect(() => decodeSmartInvite({ ...json, recipients: [7] }, askedAsWhole, misfits)).toThrow(ProviderBadResponse);
    expect(misfits).not.toHaveBeenCalled();
    expect(decodeSmartInvite(json, askedAsWhole, misfits).recipients).toHaveLength(1);
  });

  test('an answer in the shape of the contract counts no misfit', () => {
    decodeSmartInvite(example, asked, misfits);
    expect(misfits).not.toHaveBeenCalled();
  });
});
