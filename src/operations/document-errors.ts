// What is wrong with a document, in words that name its place and its type. graphql-js repeats values in its messages, and
// they may be addresses: a message of its own leaves only where it names nothing but names of the document and of the
// schema.

import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  TokenKind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { BadUserInput, OverLimit } from '../invitation/problem.ts';
import { VALUES } from './errors.ts';

/** What is wrong with a document that cannot be parsed, given so many tokens at most. */
export function syntaxError(error: unknown, maxTokens: number | undefined): Error {
  // The parser calls itself for whatever is nested, and the stack is all that bounds it.
  if (error instanceof RangeError)
    return new OverLimit('depth', 'The document is nested too deep: ask for less at once.');
  if (!(error instanceof GraphQLError)) return new TypeError('the parser failed');
  if (maxTokens !== undefined && error.message.includes(`more that ${maxTokens} tokens`)) {
    return new OverLimit('tokens', `The document has more than ${maxTokens} tokens: ask for less at once.`);
  }
  const [place] = error.locations ?? [];
  const where = place === undefined ? '' : ` at line ${place.line}, column ${place.column}`;
  return at(error, `Syntax Error: ${expectationOf(error.message) ?? 'the document cannot be read'}${where}.`);
}

const TOKENS: readonly string[] = Object.values(TokenKind);

// graphql-js names what it expected, and what it found with its text: the message keeps only the kind of that token.
function expectationOf(message: string): string | undefined {
  const [, expected = '', found = ''] =
    /^Syntax Error: (?:Expected "?([^",]{1,20})"?, found|Unexpected) "?([^\s".]{1,11})/.exec(message) ?? [];
  if (!TOKENS.includes(found)) return undefined;
  return TOKENS.includes(expected) ? `expected ${expected}, found ${found}` : `unexpected ${found}`;
}

/**
 * What is wrong with a document that does not fit the schema.
 * @param tellsNames Whether it may name arguments that the document does not hold.
 */
export function validationError(
  error: GraphQLError,
  schema: GraphQLSchema,
  document: DocumentNode,
  tellsNames: boolean,
): GraphQLError {
  // graphql-js gives up where fields of one name are too many to be compared.
  if (error.nodes === undefined) return at(error, 'The document takes too long to check: ask for less at once.');
  const value = error.nodes.find(({ kind }) => VALUES.has(kind));
  if (value !== undefined) return at(error, unfit(inputTypeAt(schema, document, value)));
  return at(
    error,
    tellsNames ? error.message : error.message.replace(MISSING_ARGUMENT, '$1 lacks a required argument.'),
  );
}

// graphql-js names it also where it hides its suggestions.
const MISSING_ARGUMENT = /^((?:Field|Directive) "[^"]*") argument "[^"]*" of type "[^"]*" is required.*$/;

function unfit(type: GraphQLInputType | undefined): string {
  return `A value does not fit its type${type === undefined ? '' : ` "${type}"`}: check it against the schema.`;
}

/** The type that a value is to have, by its place. */
function inputTypeAt(schema: GraphQLSchema, document: DocumentNode, value: ASTNode): GraphQLInputType | undefined {
  const types = new TypeInfo(schema);
  let type: GraphQLInputType | undefined;
  const enter = (node: ASTNode) => {
    if (node !== value) return undefined;
    // For an unknown key, the type of its object.
    type = types.getInputType() ?? types.getParentInputType() ?? undefined;
    return BREAK;
  };
  visit(document, visitWithTypeInfo(types, { enter }));
  return type;
}

function at({ nodes, source, positions }: GraphQLError, message: string): GraphQLError {
  const originalError = new BadUserInput(message);
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    originalError,
  });
}
