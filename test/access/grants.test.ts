// What a claim grants, and which claims are refused.

import { describe, expect, test } from 'vitest';
import { grantsOf } from '../../src/access/grants.ts';
import { Forbidden } from '../../src/invitation/problem.ts';
import type { Ref } from '../../src/invitation/ref.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

const inGermany = (type: string) => (type === 'SmartInvite' ? { dataCenter: 'DE' } : undefined);

function grantOf(claim: unknown, ref: Ref): unknown {
  const grant = grantsOf(claim, inGermany).of(ref);
  return typeof grant === 'string' ? grant : grant.part;
}

const review = reviewInvitationRef;
const invite = (id: string, address: string | null = null, center: 'DE' | 'US' = 'DE') =>
  smartInviteRef(center, id, address);

describe('a grant', () => {
  test.each<[string, unknown, Ref, string]>([
    ['"*" is of everything', '*', invite('lunch', null, 'US'), 'whole'],
    ['no list is of nothing', {}, review('a'), 'nothing'],
    ['an empty list is of nothing', { review: [] }, review('a'), 'nothing'],
    ['an id is of that invitation', { review: ['a'] }, review('a'), 'whole'],
    ['an id is of no other', { review: ['a'] }, review('ab'), 'nothing'],
    ['an id of one kind is of no other kind', { review: ['lunch'] }, invite('lunch'), 'nothing'],
    ['an id is of every recipient', { smart: ['lunch'] }, invite('lunch', 'ann@example.com'), 'whole'],
    ["an id is of the account's own place", { smart: ['lunch'] }, invite('lunch', null, 'US'), 'nothing'],
    ['a prefix is of what begins so', { smart: ['order-1042-*'] }, invite('order-1042-a'), 'whole'],
    ['a prefix is of itself', { smart: ['order-1042-*'] }, invite('order-1042-'), 'whole'],
    ['a prefix is of nothing else', { smart: ['order-1042-*'] }, invite('order-1043-a'), 'nothing'],
    ['a prefix is text and no path', { smart: ['order-1042/*'] }, invite('order-1042/../x'), 'whole'],
    ['a star within is no prefix', { smart: ['order*1042'] }, invite('order-1042'), 'nothing'],
    ['other code points are another id', { review: ['caf\u00e9'] }, review('cafe\u0301'), 'nothing'],
    ['an inherited name is no id', { review: ['a'] }, review('constructor'), 'nothing'],
  ])('%s', (_, claim, ref, grant) => {
    expect(grantOf(claim, ref)).toBe(grant);
  });

  test('of a recipient is of that one alone, in any case', () => {
    const claim = { smart: [{ id: 'lunch', recipient: 'Ann@Example.com' }] };
    expect(grantOf(claim, invite('lunch', 'ann@example.COM'))).toBe('ann@example.com');
    expect(grantOf(claim, invite('lunch', 'bob@example.com'))).toBe('nothing');
    expect(grantOf(claim, invite('lunch'))).toBe('nothing');
    expect(grantOf(claim, invite('dinner', 'ann@example.com'))).toBe('nothing');
    expect(grantOf(claim, invite('lunch', 'ann@example.com', 'US'))).toBe('nothing');
  });
});

describe('a claim is refused whole', () => {
  test.each<[string, unknown, string]>([
    ['of no shape', 7, ': it is neither "*" nor lists'],
    ['that is a list', ['a'], ': it is neither "*" nor lists'],
    ['that is null', null, ': it is neither "*" nor lists'],
    ['of an unknown kind', { reviews: ['a'] }, ' at reviews: it is no kind of invitation'],
    ['of an inherited kind', JSON.parse('{"__proto__": ["a"]}'), ' at __proto__: it is no kind of invitation'],
    ['of no list', { review: 'a' }, ' at review: it is no list'],
    ['with a star in a list', { review: ['*'] }, ' at review[0]: it is no id'],
    ['with a prefix of five characters', { review: ['a', 'order*'] }, ' at review[1]: it is no prefix'],
    ['with two stars', { review: ['order-1**'] }, ' at review[0]: it is no prefix'],
    ['with an empty text', { review: [''] }, ' at review[0]: it is no id'],
    ['with a number', { review: [7] }, ' at review[0]: it is neither a text nor an object'],
    ['with a part of what has none', { review: [{ id: 'a' }] }, ' at review[0]: it is no text'],
    ['with no recipient', { smart: [{ id: 'a' }] }, ' at smart[0].recipient: it is none'],
    ['with no id', { smart: [{ recipient: 'a@b' }] }, ' at smart[0].id: it is no id'],
    [
      'with a recipient that is no address',
      { smart: [{ id: 'a', recipient: 'ann' }] },
      ' at smart[0].recipient: it is none',
    ],
    [
      'with a misspelt member',
      { smart: [{ id: 'a', recipient: 'a@b', role: 'x' }] },
      ' at smart[0].role: it is not known',
    ],
    ['with a control character', { smart: ['a\u0000b'] }, ' at smart[0]: it is no id'],
    ['with a strange name', { 'ann@example.com, hello': [] }, ' at a member with a strange name'],
  ])('%s', (_, claim, message) => {
    const refused = () => grantsOf(claim, inGermany);
    expect(refused).toThrow(Forbidden);
    expect(refused).toThrow(`The token's grants are wrong${message}`);
  });

  test('with over 200 entries, all lists together', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, n) => `id-${n}`);
    expect(grantOf({ review: ids(100), smart: ids(100) }, review('id-7'))).toBe('whole');
    expect(() => grantsOf({ review: ids(100), smart: ids(101) }, inGermany)).toThrow('at most 200');
  });
});
