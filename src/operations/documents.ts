// From what a request names (a text, or a hash) to its prepared document. A document that is asked for a second time, or
// is trusted, is kept, by its text and by the hash that it was registered under; one that is asked for once is only
// remembered by its digest. So documents that are seen once push out none of those that are used, and what is kept is
// bounded by count and by bytes.

import { hash } from 'node:crypto';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import {
  BadUserInput,
  OverLimit,
  PersistedQueryNotFound,
  PersistedQueryNotInList,
  PersistedQueryNotSupported,
} from '../invitation/problem.ts';
import { costOf } from './cost.ts';
import { operationsOf, PreparedDocument } from './document.ts';
import type { MaskError } from './errors.ts';
import { introspectionSizesOf } from './introspection.ts';
import { checkCost, MAX_TEXT_BYTES, MAX_TOKENS } from './limits.ts';
import { ownTexts } from './own-texts.ts';
import { prepareTrusted, type TrustedDocument, type TrustedDocuments } from './trusted-documents.ts';

/** What a request names. */
export interface DocumentRequest {
  readonly query?: string;
  /** The SHA-256 of the text, or the id in the list of trusted documents. */
  readonly hash?: string;
}

export interface Documents {
  /**
   * @param isBound Whether it has to be one of the trusted documents, where there are any.
   * @param note Where it is noted how the document was found.
   * @throws GraphQLError or Problem where there is none, or it cannot be run.
   */
  find(request: DocumentRequest, isBound: boolean, note: DocumentNote): PreparedDocument;
  /** Documents that are kept beside the trusted ones, and about how many bytes they take. */
  kept(): { readonly count: number; readonly bytes: number };
}

export interface DocumentsOptions {
  readonly schema: GraphQLSchema;
  /** @throws GraphQLError */
  readonly parse: (text: string, maxTokens: number | undefined) => DocumentNode;
  /** @throws GraphQLError */
  readonly validate: (document: DocumentNode) => void;
  readonly maskError: MaskError;
  /** Where set, nothing else is run for callers that are bound to them. */
  readonly trusted: readonly TrustedDocument[] | undefined;
  /** Whether documents that ask for nothing but the schema are run beside the trusted ones. */
  readonly allowsIntrospection: boolean;
  /** Whether errors may name what there is in the schema beside what the caller wrote. */
  readonly tellsNames: boolean;
}

/**
 * - `known`: it was kept. `trusted`: the operator has listed it.
 * - `compiled`: it came for the second time, and is kept from now on. `prepared`: it came for the first time.
 * - `refused`: it cannot be run.
 */
export const DOCUMENT_HOWS = ['known', 'trusted', 'compiled', 'prepared', 'refused'] as const;

export type DocumentHow = (typeof DOCUMENT_HOWS)[number];

/** Where it is noted how the document of a request was found. */
export interface DocumentNote {
  documentHow: DocumentHow | undefined;
}

const MAX_KEPT = 1_000;
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const MAX_SEEN = 10_000;

const IS_SHA256 = /^[0-9a-f]{64}$/;

/** @throws UntrustworthyDocuments where trusted documents do not fit the schema. */
export function createDocuments(options: DocumentsOptions): Documents {
  const { schema, maskError, tellsNames } = options;
  const introspection = introspectionSizesOf(schema);
  const kept = createStore();
  const registered = createStore();
  const seen = new LRUCache<string, true>({ max: MAX_SEEN });
  const trusted = options.trusted && prepareTrusted(options.trusted, (text) => prepare(text, () => {}, true));

  /** @param onGrown Where set, it will be kept. */
  function prepare(text: string, onGrown: (() => void) | undefined, isTrusted = false): PreparedDocument {
    if (!isTrusted && Buffer.byteLength(text) > MAX_TEXT_BYTES) {
      throw new OverLimit('bytes', `The document is larger than ${MAX_TEXT_BYTES} bytes: ask for less at once.`);
    }
    const document = ownTexts(options.parse(text, isTrusted ? undefined : MAX_TOKENS));
    if (!isTrusted) {
      for (const operation of operationsOf(document)) checkCost(costOf(operation, document, introspection));
    }
    options.validate(document);
    return new PreparedDocument(document, { schema, maskError, introspection, tellsNames, isTrusted }, onGrown);
  }

  function findText(text: string, note: DocumentNote): PreparedDocument {
    const known = kept.get(text);
    if (known !== undefined) return noted('known', known, note);
    const digest = sha256(text);
    if (!seen.has(digest)) {
      const once = prepare(text, undefined);
      // A document that cannot be run is not kept.
      seen.set(digest, true);
      return noted('prepared', once, note);
    }
    const document: PreparedDocument = prepare(text, () => bookAnew(text, document));
    kept.set(text, document);
    return noted('compiled', document, note);
  }

  // A store weighs what it is given for the first time alone.
  function bookAnew(text: string, document: PreparedDocument): void {
    if (kept.peek(text) === document) {
      kept.delete(text);
      kept.set(text, document);
    }
    const hash = sha256(text);
    if (registered.peek(hash) === document) {
      registered.delete(hash);
      registered.set(hash, document);
    }
  }

  function findRegistered(hash: string, text: string | undefined, note: DocumentNote): PreparedDocument {
    const known = registered.get(hash);
    if (text === undefined) {
      if (known !== undefined) return noted('known', known, note);
      // A client that asks by hash will ask again, so that the text that follows is kept at once.
      if (IS_SHA256.test(hash)) seen.set(hash, true);
      throw new PersistedQueryNotFound();
    }
    if (sha256(text) !== hash) throw hashDoesNotFit();
    const document = known === undefined ? findText(text, note) : noted('known', known, note);
    if (kept.has(text)) registered.set(hash, document);
    return document;
  }

  /** What is run of documents that are not in the list. */
  function findBeside({ query, hash }: DocumentRequest, note: DocumentNote): PreparedDocument {
    if (hash === undefined && query !== undefined && options.allowsIntrospection) {
      const asked = prepare(query, undefined);
      if (asked.isIntrospection) return noted('prepared', asked, note);
    }
    throw hash !== undefined && query !== undefined ? new PersistedQueryNotSupported() : new PersistedQueryNotInList();
  }

  function find(request: DocumentRequest, isBound: boolean, note: DocumentNote): PreparedDocument {
    const { query, hash } = request;
    if (trusted !== undefined) {
      const document = listed(trusted, request);
      if (document !== undefined) return noted('trusted', document, note);
      if (isBound) return findBeside(request, note);
    }
    if (hash !== undefined) return findRegistered(hash, query, note);
    if (query === undefined) throw new BadUserInput('The request has no query: send it as {"query": "…"}.');
    return findText(query, note);
  }

  return {
    find(request, isBound, note) {
      try {
        return find(request, isBound, note);
      } catch (error) {
        note.documentHow = 'refused';
        throw error;
      }
    },
    kept: () => ({ count: kept.size, bytes: kept.calculatedSize }),
  };
}

function noted(how: DocumentHow, document: PreparedDocument, note: DocumentNote): PreparedDocument {
  note.documentHow = how;
  return document;
}

/** @throws BadUserInput where id and text name two documents. */
function listed(list: TrustedDocuments, { query, hash }: DocumentRequest): PreparedDocument | undefined {
  if (hash === undefined) return query === undefined ? undefined : list.byText(query);
  const document = list.byId(hash);
  if (query !== undefined && list.byText(query) !== document) throw hashDoesNotFit();
  return document;
}

function hashDoesNotFit(): BadUserInput {
  return new BadUserInput('The hash is not that of the query: send one of the two, or both of one document.');
}

function createStore() {
  return new LRUCache<string, PreparedDocument>({
    max: MAX_KEPT,
    maxSize: MAX_KEPT_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });
}

function sha256(text: string): string {
  return hash('sha256', text);
}
