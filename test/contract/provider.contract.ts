// What the gateway promises of every provider, whichever it is: one suite, run for each against its imitation, over real
// HTTP on both sides. A new provider adds its entry in providers.test.ts and nothing here.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProviderName } from '../../src/invitation/provider.ts';
import type { Imitation } from '../../src/sandbox/imitation.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

export interface ProviderContract {
  readonly name: ProviderName;
  readonly imitationIn: (sandbox: Sandbox) => Imitation;
  /** The one header that signs in, and what is in it. */
  readonly credential: readonly [header: string, value: string];
  /** An invitation that the imitation is seeded with: what to select of it, and what comes. */
  readonly seeded: { readonly id: string; readonly selection: string; readonly answer: object };
  /** An `InvitationRef` that has this text wherever it takes any. */
  readonly refOf: (text: string) => object;
  /** The target of the call for it, with the text percent-encoded. */
  readonly targetOf: (encoded: string) => string;
  /** Reads that have a target of their own. */
  readonly others: readonly { readonly what: string; ref: object; selection?: string; target: string }[];
}

const CREDENTIAL_HEADERS = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-apikey'];

const TEXTS: readonly [text: string, encoded: string][] = [
  ['a&recipient_email=b@x', 'a%26recipient_email%3Db%40x'],
  ['a=b;c', 'a%3Db%3Bc'],
  ['../admin', '..%2Fadmin'],
  ['#', '%23'],
  ['?', '%3F'],
  ['%26', '%2526'],
  ['a b', 'a%20b'],
  ['a+b@x.org', 'a%2Bb%40x.org'],
  ['ü', '%C3%BC'],
  ['😀', '%F0%9F%98%80'],
];

const STATUSES: readonly [status: number, code: string, retryable: boolean][] = [
  [301, 'PROVIDER_BAD_RESPONSE', false],
  [302, 'PROVIDER_BAD_RESPONSE', false],
  [307, 'PROVIDER_BAD_RESPONSE', false],
  [400, 'PROVIDER_REJECTED', false],
  [401, 'PROVIDER_UNAUTHORIZED', false],
  [402, 'PROVIDER_UNAUTHORIZED', false],
  [403, 'PROVIDER_UNAUTHORIZED', false],
  [408, 'PROVIDER_UNAVAILABLE', true],
  [422, 'PROVIDER_REJECTED', false],
  [423, 'PROVIDER_REJECTED', false],
  [500, 'PROVIDER_UNAVAILABLE', true],
  [503, 'PROVIDER_UNAVAILABLE', true],
];

export function describeProvider(contract: ProviderContract): void {
  const { name, credential, seeded, refOf, targetOf } = contract;

  describe(name, () => {
    let gateway: TestGateway;
    let imitation: Imitation;

    beforeEach(async () => {
      gateway = await startTestGateway();
      imitation = contract.imitationIn(gateway.sandbox);
    });
    afterEach(() => gateway.stop());

    const read = (ref: object, selection = 'provider') =>
      gateway.query(`query ($ref: InvitationRef!) { invitation(ref: $ref) { __typename ${selection} } }`, { ref });
    const targets = () => imitation.calls.map(({ method, target }) => `${method} ${target}`);

    test('finds an invitation', async () => {
      const { data, errors } = await read(refOf(seeded.id), seeded.selection);
      expect(errors).toBeUndefined();
      expect(data.invitation).toMatchObject({ provider: name, isStale: false, ...seeded.answer });
      expect(targets()).toEqual([`GET ${targetOf(encodeURIComponent(seeded.id))}`]);
    });

    test('gives null without an error for an invitation that the provider does not have', async () => {
      expect(await read(refOf('never-sent'))).toEqual({ status: 200, data: { invitation: null } });
      expect(targets()).toEqual([`GET ${targetOf('never-sent')}`]);
    });

    test('authenticates with its own credential alone, whatever headers the caller sends', async () => {
      await fetch(`${gateway.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: 'session=mine', 'x-api-key': 'mine' },
        body: JSON.stringify({
          query: 'query ($ref: InvitationRef!) { invitation(ref: $ref) { id } }',
          variables: { ref: refOf(seeded.id) },
        }),
      });
      const [call] = imitation.calls;
      const sent = CREDENTIAL_HEADERS.filter((header) => call?.headers[header] !== undefined);
      expect(sent).toEqual([credential[0]]);
      expect(call?.headers[credential[0]]).toBe(credential[1]);
      const everything = JSON.stringify([call?.target, call?.headers]);
      for (const [variable, value] of Object.entries(gateway.sandbox.variables)) {
        if (/KEY|SECRET/.test(variable)) {
          expect(everything.split(value).length - 1).toBe(credential[1].includes(value) ? 1 : 0);
        }
      }
    });

    test.each(TEXTS)('sends the text %j as one parameter: %s', async (text, encoded) => {
      expect((await read(refOf(text))).errors).toBeUndefined();
      expect(targets()).toEqual([`GET ${targetOf(encoded)}`]);
    });

    test.each(['', '\r\nX: y', '\u0000', 'x'.repeat(10_240)])('is not asked for the text %j', async (text) => {
      const { errors } = await read(refOf(text));
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
      expect(targets()).toEqual([]);
    });

    if (contract.others.length > 0) {
      test.each(contract.others)(
        'is asked for $what with exactly its query parameters',
        async ({ ref, selection, target }) => {
          await read(ref, selection);
          expect(targets()).toEqual([`GET ${target}`]);
        },
      );
    }

    test.each(STATUSES)('with status %i gives %s (retryable: %s)', async (status, code, retryable) => {
      imitation.misbehave({ status, body: '{"message":"refused for bob@example.com"}' });
      const answer = await read(refOf(seeded.id));
      expect(answer.data).toEqual({ invitation: null });
      expect(answer.errors).toHaveLength(1);
      expect(answer.errors?.[0]).toMatchObject({ path: ['invitation'] });
      expect(answer.errors?.[0]?.extensions).toEqual({ code, retryable, provider: name });
      expect(JSON.stringify(answer)).not.toMatch(/bob|refused for|127\.0\.0\.1/);
      if (!retryable) expect(imitation.calls).toHaveLength(1);
    });

    test('with status 429 gives PROVIDER_RATE_LIMITED and when to retry', async () => {
      imitation.misbehave({ status: 429, headers: { 'retry-after': '1' } });
      const { data, errors } = await read(refOf(seeded.id));
      expect(data).toEqual({ invitation: null });
      const extensions = { code: 'PROVIDER_RATE_LIMITED', retryable: true, provider: name, retryAfterSeconds: 1 };
      expect(errors).toMatchObject([{ path: ['invitation'], extensions }]);
    });

    test('with status 404 gives null without an error, whatever the body', async () => {
      imitation.misbehave({ status: 404, body: '<html>Not Found</html>' });
      expect(await read(refOf(seeded.id))).toEqual({ status: 200, data: { invitation: null } });
    });

    test.each([201, 202])('with status %i and a valid body is decoded', async (status) => {
      const good = await bodyOf(imitation, targetOf(encodeURIComponent(seeded.id)), credential);
      imitation.misbehave({ status, body: good });
      const { data, errors } = await read(refOf(seeded.id), seeded.selection);
      expect(errors).toBeUndefined();
      expect(data.invitation).toMatchObject(seeded.answer);
    });

    test.each(['<html><body>Sorry</body></html>', '', 'null', '[]', '"text"', '{"status":'])(
      'with status 200 and the body %j gives PROVIDER_BAD_RESPONSE, and asks once',
      async (body) => {
        imitation.misbehave({ body });
        const { data, errors } = await read(refOf(seeded.id));
        expect(data).toEqual({ invitation: null });
        expect(errors?.map(({ extensions }) => extensions)).toEqual([
          { code: 'PROVIDER_BAD_RESPONSE', retryable: false, provider: name },
        ]);
        expect(imitation.calls).toHaveLength(1);
        // Nothing of it is kept: the next good answer is given.
        imitation.misbehave(undefined);
        expect((await read(refOf(seeded.id), seeded.selection)).data.invitation).toMatchObject(seeded.answer);
      },
    );

    test('with a redirect is not followed', async () => {
      let visits = 0;
      const elsewhere = createServer((_, response) => {
        visits += 1;
        response.end('{}');
      });
      await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
      try {
        const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
        for (const status of [301, 302, 307, 308]) {
          imitation.misbehave({ status, headers: { location } });
          const { errors } = await read(refOf(seeded.id));
          expect(errors).toMatchObject([{ extensions: { code: 'PROVIDER_BAD_RESPONSE' } }]);
        }
        expect(visits).toBe(0);
      } finally {
        elsewhere.closeAllConnections();
        await once(elsewhere.close(), 'close');
      }
    });
  });
}

async function bodyOf(
  imitation: Imitation,
  target: string,
  [header, value]: readonly [string, string],
): Promise<string> {
  const response = await fetch(imitation.origin + target, { headers: { [header]: value } });
  expect(response.status).toBe(200);
  return response.text();
}
