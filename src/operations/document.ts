// A valid document, and the operations in it: each is prepared when it is first asked for.

import { type DocumentNode, Kind, type OperationDefinitionNode } from 'graphql';
import { BadUserInput } from '../invitation/problem.ts';
import { Holdings } from './holdings.ts';
import { type OperationOptions, PreparedOperation } from './operation.ts';

/** The operations of a valid document, by name. */
export class PreparedDocument {
  readonly document: DocumentNode;
  readonly #options: OperationOptions;
  readonly #holdings: Holdings | undefined;
  readonly #operations: readonly OperationDefinitionNode[];
  readonly #prepared = new Map<string | undefined, PreparedOperation>();

  /** @param onGrown Where set, it is kept; called when it takes more memory than was told before. */
  constructor(document: DocumentNode, options: OperationOptions, onGrown: (() => void) | undefined) {
    this.document = document;
    this.#options = options;
    this.#holdings = onGrown && new Holdings(document.loc?.end ?? 0, onGrown);
    this.#operations = operationsOf(document);
  }

  /** About how many bytes it takes where it is kept. */
  get bytes(): number {
    return this.#holdings?.bytes ?? 0;
  }

  /** Whether it asks for the schema itself, and for nothing else. */
  get isIntrospection(): boolean {
    return this.#operations.every(({ selectionSet }) =>
      selectionSet.selections.every((node) => node.kind === Kind.FIELD && node.name.value.startsWith('__')),
    );
  }

  /** @throws BadUserInput where it has none of that name, or several and none is named. */
  operation(name: string | undefined): PreparedOperation {
    const known = this.#prepared.get(name);
    if (known !== undefined) return known;
    const named = this.#operations.filter((operation) => name === undefined || operation.name?.value === name);
    const [operation, ...others] = named;
    if (operation === undefined) throw new BadUserInput('The document has no operation of that name.');
    if (others.length > 0) throw new BadUserInput('The document has several operations: name one by operationName.');
    const prepared = new PreparedOperation(operation, this.document, this.#options, this.#holdings);
    this.#prepared.set(name, prepared);
    return prepared;
  }
}

export function operationsOf({ definitions }: DocumentNode): OperationDefinitionNode[] {
  return definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
}
