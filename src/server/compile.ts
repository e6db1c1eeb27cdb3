// Compiles an operation to code when it comes for the second time: whoever asks the same again and again is served a
// third faster, and whoever sends ever new ones does not make us compile them. graphql-jit is only given what it does as
// the executor would, and the tests ask everything twice to see that it does: one query a document, because it knows no
// mutation root; and variables that fit, because it overlooks @oneOf and has words of its own for what is wrong.

import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';

type Variables = Readonly<Record<string, unknown>>;

interface Compiled {
  readonly query: CompiledQuery['query'];
  readonly breaksOneOf: (variables: Variables) => boolean;
}

export function useCompiledOperations(): Plugin {
  const compiled = new WeakMap<DocumentNode, Compiled | 'seen once' | 'not to be compiled'>();

  function compiledOf(schema: GraphQLSchema, document: DocumentNode): Compiled | undefined {
    const known = compiled.get(document);
    if (typeof known === 'object') return known;
    if (known === 'not to be compiled') return undefined;
    const next = known === undefined ? 'seen once' : (compile(schema, document) ?? 'not to be compiled');
    compiled.set(document, next);
    return typeof next === 'object' ? next : undefined;
  }

  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { schema, document, rootValue, contextValue } = args;
      const variables: Variables = args.variableValues ?? {};
      const operation = compiledOf(schema, document);
      if (operation === undefined || operation.breaksOneOf(variables)) return;
      setExecuteFn(() => {
        const result = operation.query(rootValue, contextValue, variables);
        // It never ran: its variables do not fit.
        return 'errors' in result && !('data' in result) ? executeFn(args) : result;
      });
    },
  };
}

function compile(schema: GraphQLSchema, document: DocumentNode): Compiled | undefined {
  const [operation, ...others] = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation?.operation !== 'query' || others.length > 0) return undefined;
  const result = compileQuery(schema, document);
  return isCompiledQuery(result)
    ? { query: result.query, breaksOneOf: variablesBreakingOneOf(schema, operation) }
    : undefined;
}

type Breaks = (value: unknown) => boolean;

function variablesBreakingOneOf(schema: GraphQLSchema, operation: OperationDefinitionNode): Compiled['breaksOneOf'] {
  const checks = (operation.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const inputType = typeFromAST(schema, type) as GraphQLInputType | undefined;
    const breaks = inputType && breakingOneOf(inputType);
    return breaks === undefined ? [] : [{ name: variable.name.value, breaks }];
  });
  return (variables) => checks.some(({ name, breaks }) => breaks(variables[name]));
}

/**
 * Tells whether a value of this type names none or several where one is to be named; undefined where it never does. It
 * looks at variables and lists of them: no input of the schema holds a @oneOf input in a field.
 */
function breakingOneOf(type: GraphQLInputType): Breaks | undefined {
  if (isNonNullType(type)) return breakingOneOf(type.ofType);
  if (isListType(type)) {
    const breaks = breakingOneOf(type.ofType);
    return breaks && ((value) => (Array.isArray(value) ? value.some(breaks) : breaks(value)));
  }
  if (!isInputObjectType(type) || !type.isOneOf) return undefined;
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const given = Object.values(value);
    return given.length !== 1 || given[0] === null;
  };
}
