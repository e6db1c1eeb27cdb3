// The documents that a gateway runs when it is given a list of them: the file that a client's tools write when they are
// built. Three forms are known: Apollo's manifest (generate-persisted-query-manifest), and the map of ids to texts that
// Relay's compiler (persistConfig) and graphql-codegen's client preset (persistedDocuments) write.

import { hash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import { BadUserInput, Problem } from '../invitation/problem.ts';
import { operationsOf, type PreparedDocument } from './document.ts';

export interface TrustedDocument {
  /** What clients send in place of the text. */
  readonly id: string;
  readonly text: string;
}

export interface TrustedDocuments {
  byId(id: string): PreparedDocument | undefined;
  byText(text: string): PreparedDocument | undefined;
}

const ApolloManifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
});

const Manifest = z.union([
  ApolloManifest.transform(({ operations }) => operations.map(({ id, body }): TrustedDocument => ({ id, text: body }))),
  z
    .record(z.string().min(1), z.string().min(1))
    .transform((texts) => Object.entries(texts).map(([id, text]): TrustedDocument => ({ id, text }))),
]);

/** The documents of such a file; undefined where it is none. */
export function parseTrustedDocuments(file: string): readonly TrustedDocument[] | undefined {
  try {
    return Manifest.safeParse(JSON.parse(file)).data;
  } catch {
    return undefined;
  }
}

/** Trusted documents that cannot be run; the message names each, and says why. */
export class UntrustworthyDocuments extends Error {
  override readonly name = 'UntrustworthyDocuments';
}

/** @throws UntrustworthyDocuments where some cannot be prepared. */
export function prepareTrusted(
  documents: readonly TrustedDocument[],
  prepare: (text: string) => PreparedDocument,
): TrustedDocuments {
  const byId = new Map<string, PreparedDocument>();
  const byText = new Map<string, PreparedDocument>();
  const faults: string[] = [];
  for (const { id, text } of documents) {
    try {
      const document = byText.get(text) ?? prepare(text);
      // What the schema has no root for is valid all the same, and is found only here.
      for (const { name } of operationsOf(document.document)) document.operation(name?.value);
      byText.set(text, document);
      // By automatic hashes, too: a client's library may make its own.
      for (const name of [id, hash('sha256', text)]) {
        if ((byId.get(name) ?? document) !== document)
          throw new BadUserInput('another document of the list has this id, or its text this hash');
        byId.set(name, document);
      }
    } catch (error) {
      const why = error instanceof GraphQLError || error instanceof Problem ? error.message : 'it cannot be prepared';
      faults.push(`  ${nameOf(text)} (${id}): ${why}`);
    }
  }
  if (faults.length > 0) {
    throw new UntrustworthyDocuments(`Trusted documents cannot be run:\n${faults.join('\n')}`);
  }
  return { byId: (id) => byId.get(id), byText: (text) => byText.get(text) };
}

function nameOf(text: string): string {
  return /\b(?:query|subscription|mutation)\s+(\w+)/.exec(text)?.[1] ?? 'an operation without a name';
}
