// What the operators' page calls operations.

import { expect, onTestFinished, test } from 'vitest';
import { bearer, SECRET } from '../../access/tokens.ts';
import { apollo, hashOf, startWith } from '../../server/trusted-list.ts';
import { launchChromium } from './chromium.ts';

test('the slowest operations have the names of trusted documents, and never one that a caller chose', async () => {
  const slow = 'query OfferPage { reviewInvitation(invitationId: "review-sent") { status } }';
  const quick = 'query Ping { __typename }';
  const gateway = await startWith(apollo([quick, slow]), { AUTH_JWT_SECRET: SECRET });
  gateway.sandbox.partoo.misbehave({ delayMs: 500 });
  const send = async (parameters: object) => {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: bearer({ scope: 'explore' }) },
      body: JSON.stringify(parameters),
    });
    expect(await response.json()).toEqual({ data: expect.anything() });
  };
  for (const text of [quick, slow]) await send({ documentId: hashOf('sha256', text) });
  await send({ query: 'query Chosen { __typename }' });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${gateway.adminOrigin}/status`);
  const rows = page.getByRole('region', { name: 'Slowest operations' }).getByRole('row');
  await rows.getByRole('cell', { name: /^document [0-9a-f]{12}$/ }).waitFor();
  const [, first, ...others] = await rows.allInnerTexts();
  expect(first).toMatch(/^OfferPage\b/);
  expect(others.map((text) => text.split(/\s/, 1)[0]).toSorted()).toEqual(['Ping', 'document']);
  expect(await page.innerText('body')).not.toContain('Chosen');
});
