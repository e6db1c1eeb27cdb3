// Lists of trusted documents in each of the three forms, and a gateway that is given one.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

export const hashOf = (algorithm: 'md5' | 'sha1' | 'sha256', text: string) =>
  createHash(algorithm).update(text).digest('hex');

export type Manifest = (texts: readonly string[]) => object;

export const apollo: Manifest = (texts) => ({
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: texts.map((body) => ({ id: hashOf('sha256', body), name: 'Name', type: 'query', body })),
});
export const relay: Manifest = (texts) => Object.fromEntries(texts.map((text) => [hashOf('md5', text), text]));
export const codegen: Manifest = (texts) => Object.fromEntries(texts.map((text) => [hashOf('sha1', text), text]));

export const FORMS: readonly [name: string, manifest: Manifest, idOf: (text: string) => string][] = [
  ['Apollo', apollo, (text) => hashOf('sha256', text)],
  ['Relay', relay, (text) => hashOf('md5', text)],
  ['codegen', codegen, (text) => hashOf('sha1', text)],
];

/** A file with that in it, for as long as the test runs. */
export function fileOf(content: string | object): string {
  const folder = mkdtempSync(join(tmpdir(), 'documents-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'documents.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Stops by itself when the test is over. */
export async function startWith(
  content: string | object,
  environment: Record<string, string> = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment: { TRUSTED_DOCUMENTS: fileOf(content), ...environment } });
  onTestFinished(() => gateway.stop());
  return gateway;
}
