// Texts of a document on their own. What the lexer takes out of a document is a view of all of it to V8: an id written
// there, kept with the invitation that it names, would keep the whole document in memory.

import { type ASTNode, type DocumentNode, Kind } from 'graphql';

/** Gives every value that is a text, or a number, a text of its own. */
export function ownTexts(document: DocumentNode): DocumentNode {
  copyTexts(document);
  return document;
}

function copyTexts(node: ASTNode): void {
  if (node.kind === Kind.STRING || node.kind === Kind.INT) Reflect.set(node, 'value', ownText(node.value));
  for (const key in node) {
    const part: unknown = key === 'loc' ? undefined : Reflect.get(node, key);
    if (Array.isArray(part)) for (const each of part) copyTexts(each);
    else if (isNode(part)) copyTexts(part);
  }
}

// Joined texts are copied into a new one when a part of them is taken.
function ownText(text: string): string {
  return ` ${text}`.slice(1);
}

export function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'kind' in part;
}
