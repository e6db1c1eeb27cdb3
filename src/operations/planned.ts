// The fields of one plan that are planned already, so that a document costs what it says and not what its fragments expand
// to: fragments reach one place by many ways, and the same places together.

import type { FieldNode, GraphQLObjectType } from 'graphql';

export class Planned<FieldPlan> {
  readonly #numbers = new Map<FieldNode, number>();
  readonly #fields = new Map<string, FieldPlan>();

  /** The plan of what these places together select of a type, made where there is none. */
  get(type: GraphQLObjectType, nodes: readonly FieldNode[], make: () => FieldPlan | undefined): FieldPlan | undefined {
    const key = `${type.name} ${nodes.map((node) => this.#numberOf(node)).join(' ')}`;
    const known = this.#fields.get(key);
    if (known !== undefined) return known;
    const field = make();
    if (field !== undefined) this.#fields.set(key, field);
    return field;
  }

  #numberOf(node: FieldNode): number {
    let number = this.#numbers.get(node);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(node, number);
    }
    return number;
  }
}
