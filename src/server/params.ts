// What a request asks for, from whichever transport: the body of a POST, the parameters of a GET, the payload of a
// WebSocket's message. One check for all three; nothing of a request is repeated in what is wrong with it.

import { isUtf8 } from 'node:buffer';
import type { DocumentRequest } from '../operations/documents.ts';
import { parseExactly } from './exact-json.ts';

export interface Params extends DocumentRequest {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/** Why a request cannot be one. */
export interface Fault {
  readonly fault: string;
  /** How many operations were sent, where they came as a list: each is told. */
  readonly operations?: number;
}

/** Most operations of a list that are told one by one: clients send ten by default. */
const MAX_TOLD = 100;

const NO_BATCHES =
  'Batching is off: send each operation alone, as HttpLink does. For many invitations send one query of a list, `invitations(refs: [...])`: it reads each once, and one that fails leaves the others.';

const NO_VARIABLES: Params['variables'] = Object.freeze({});

/** Longest hash or id of a document that is taken. */
const MAX_HASH_LENGTH = 256;

export function paramsOfBody(body: Buffer): Params | Fault {
  // Bytes that are no text would be read as other characters, and an id be another one.
  if (!isUtf8(body)) return { fault: 'The body is not UTF-8: encode it so.' };
  let value: unknown;
  try {
    value = parseExactly(body.toString());
  } catch {
    return { fault: 'The body is not JSON: check its syntax.' };
  }
  if (Array.isArray(value))
    return isBatch(value) ? { fault: NO_BATCHES, operations: value.length } : { fault: NO_BATCHES };
  return isObject(value) ? paramsOf(value) : { fault: 'The body is not a JSON object: send {"query": "…"}.' };
}

/** The parameters of a GET; one that is empty counts as absent. */
export function paramsOfUrl(url: string): Params | Fault {
  const start = url.indexOf('?');
  const search = start < 0 ? '' : url.slice(start + 1);
  if (!isEncoded(search)) return { fault: 'The parameters are not encoded as UTF-8: encode them so.' };
  const given = new URLSearchParams(search);
  const value: Record<string, unknown> = {};
  for (const name of ['query', 'operationName', 'variables', 'extensions', 'documentId']) {
    const [text, ...others] = given.getAll(name);
    if (others.length > 0) return { fault: `${name} is given more than once.` };
    if (!text) continue;
    if (name !== 'variables' && name !== 'extensions') {
      value[name] = text;
      continue;
    }
    try {
      value[name] = parseExactly(text);
    } catch {
      return { fault: `${name} is not JSON: check its syntax.` };
    }
  }
  return paramsOf(value);
}

/** The parameters in a JSON object. */
export function paramsOf(value: Readonly<Record<string, unknown>>): Params | Fault {
  const { query = null, variables = null, operationName = null, extensions = null, documentId = null } = value;
  if (query !== null && typeof query !== 'string') return { fault: 'query is not a text.' };
  if (variables !== null && !isObject(variables)) return { fault: 'variables is not an object.' };
  if (operationName !== null && typeof operationName !== 'string') return { fault: 'operationName is not a text.' };
  if (extensions !== null && !isObject(extensions)) return { fault: 'extensions is not an object.' };
  const registered = extensions === null ? null : hashOf(extensions);
  if (documentId !== null && registered !== null && documentId !== registered) {
    return { fault: 'documentId and the hash of extensions.persistedQuery differ: send one of them.' };
  }
  const hash = documentId ?? registered;
  if (hash !== null && !isHash(hash)) return { fault: 'The hash or id of the document is none.' };
  if (!query && hash === null) return { fault: 'The request has no query: send {"query": "…"}.' };
  return {
    ...(query ? { query } : {}),
    ...(hash === null ? {} : { hash }),
    variables: variables ?? NO_VARIABLES,
    ...(operationName ? { operationName } : {}),
  };
}

function isBatch(list: readonly unknown[]): boolean {
  return list.length > 0 && list.length <= MAX_TOLD;
}

// The protocol of automatic persisted queries, version 1, as Apollo Client and urql speak it.
function hashOf({ persistedQuery }: Readonly<Record<string, unknown>>): unknown {
  if (persistedQuery === undefined || persistedQuery === null) return null;
  return isObject(persistedQuery) && persistedQuery.version === 1 ? (persistedQuery.sha256Hash ?? '') : '';
}

function isHash(hash: unknown): hash is string {
  return typeof hash === 'string' && hash.length > 0 && hash.length <= MAX_HASH_LENGTH;
}

function isEncoded(search: string): boolean {
  if (!search.includes('%')) return true;
  try {
    decodeURIComponent(search);
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
