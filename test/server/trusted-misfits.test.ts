// The gateway does not start with a list of trusted documents that does not fit the schema, and the message names the
// document.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../harness.ts';
import { apollo, codegen, fileOf, hashOf, relay, startWith } from './trusted-list.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const REVIEW = 'query Review($id: ID!) { reviewInvitation(invitationId: $id) { status } }';

describe('the gateway does not start with a list', () => {
  const MISFITS: readonly [name: string, text: string, message: RegExp][] = [
    ['a field that does not exist', 'query Broken { nothing }', /Broken \(.*\): .*"nothing"/],
    ['a syntax error', 'query Broken { nothing', /Broken \(.*\): Syntax Error/],
    ['a value that does not fit', 'query Broken { node(id: ["a"]) { id } }', /Broken \(.*\): /],
    ['a fragment alone', 'fragment Broken on Query { __typename }', /\(.*\): .*Broken/],
    ['a mutation', 'mutation Broken { send }', /Broken \(.*\): /],
    ['an operation without a name', '{ nothing }', /without a name \(.*\): .*"nothing"/],
  ];

  test.each(MISFITS)('that has %s, and the message names the document', async (_, misfit, message) => {
    const list = relay([REVIEW, misfit]);
    await expect(startWith(list)).rejects.toThrow(message);
    await expect(startWith(list)).rejects.toThrow(hashOf('md5', misfit));
    await expect(startWith(list)).rejects.not.toThrow(hashOf('md5', REVIEW));
  });

  test('that has several invalid documents, and the message names all of them', async () => {
    const list = apollo(['query First { nothing }', REVIEW, 'query Last { nothing }']);
    await expect(startWith(list)).rejects.toThrow(/First.*Last/s);
  });

  const OTHER = 'query Other { __typename }';

  test.each<[string, string, string]>([
    ['with an id that another one has', 'review', 'review'],
    ["with another one's hash for an id", hashOf('sha256', OTHER), 'other'],
    ['whose hash is the id of another one', 'review', hashOf('sha256', REVIEW)],
  ])('that has a document %s, and the message names it', async (_, review, other) => {
    const operations = [
      { id: review, body: REVIEW },
      { id: other, body: OTHER },
    ];
    const list = { format: 'apollo-persisted-query-manifest', version: 1, operations };
    await expect(startWith(list)).rejects.toThrow(`Other (${other}): another document of the list has this id`);
  });

  test.each([
    ['not JSON', 'nothing'],
    ['a list', '[]'],
    ['a text', '"a"'],
    ['ids without texts', '{"a":1}'],
    ['an empty text', '{"a":""}'],
    [
      'an operation without a body',
      { format: 'apollo-persisted-query-manifest', version: 1, operations: [{ id: 'a' }] },
    ],
  ])('whose content is %s', async (_, content) => {
    await expect(startWith(content)).rejects.toThrow(/TRUSTED_DOCUMENTS/);
  });

  test('that does not exist', async () => {
    const environment = { TRUSTED_DOCUMENTS: join(tmpdir(), 'no', 'such', 'file.json') };
    await expect(startTestGateway({ environment })).rejects.toThrow(/TRUSTED_DOCUMENTS/);
  });

  test('as a process: it prints which document is invalid, without a stack, and ends with 1', async () => {
    const file = fileOf(codegen([REVIEW, 'query Broken { nothing }']));
    const child = spawn(process.execPath, [MAIN], { env: { PORT: '0', TRUSTED_DOCUMENTS: file } });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [[code], stderr, stdout] = await Promise.all([once(child, 'close'), text(child.stderr), text(child.stdout)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Broken \([0-9a-f]{40}\): .*"nothing"/);
    expect(stderr + stdout).not.toMatch(/^\s+at /m);
  });
});
