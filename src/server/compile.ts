// Compiles an operation to code when it comes for the second time: whoever asks the same again and again is served a
// third faster, and whoever sends ever new ones does not make us compile them. graphql-jit is only given what it does as
// the executor would, and the tests ask everything twice to see that it does: one query a document, because the plugin keeps one
// compilation a document and knows no mutation root; and variables that fit, because it overlooks @oneOf.

import { useGraphQlJit } from '@envelop/graphql-jit';
import { type DocumentNode, type GraphQLSchema, getVariableValues, Kind, type OperationDefinitionNode } from 'graphql';

export function useCompiledOperations() {
  const seen = new WeakMap<DocumentNode, OperationDefinitionNode | null>();
  return useGraphQlJit(
    {},
    {
      enableIf({ schema, document, variableValues }) {
        const query = seen.get(document);
        if (query === undefined) seen.set(document, onlyQueryOf(document));
        return query != null && fits(schema, query, variableValues ?? {});
      },
    },
  );
}

function onlyQueryOf(document: DocumentNode): OperationDefinitionNode | null {
  const [operation, ...others] = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  return operation?.operation === 'query' && others.length === 0 ? operation : null;
}

function fits(schema: GraphQLSchema, query: OperationDefinitionNode, variables: Record<string, unknown>): boolean {
  return getVariableValues(schema, query.variableDefinitions ?? [], variables, { maxErrors: 1 }).errors === undefined;
}
