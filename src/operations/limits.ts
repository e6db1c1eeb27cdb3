// What a document may cost, found before it is validated, compiled or kept. Fields are counted after all fragments are
// expanded, each fragment looked at once, and times the list that a field's arguments name: literally here, or by the
// variables of each request. Measured for scale: GraphiQL's introspection is 184 tokens, 15 deep; a page of a hundred
// with every field 137 tokens and 7,100 fields; a hundred refs written out 1,325 tokens.

import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { OverLimit } from '../invitation/problem.ts';
import type { Variables } from './plan-shape.ts';

export const MAX_TEXT_BYTES = 100 * 1024;
export const MAX_TOKENS = 2_000;
const MAX_DEPTH = 20;
const MAX_FIELDS = 25_000;

/** A field counts once more for each so many characters of its key in the answer: one of 90 KB is there for every entry of a list. */
const CHARACTERS_PER_FIELD = 100;

/** The same for what the schema tells of itself; GraphiQL's introspection is counted as 26,000. */
const MAX_INTROSPECTED = 100_000;

/** What an operation costs at most. */
export interface Cost {
  /** Fields, where each list that a variable names has one entry. */
  readonly fields: number;
  /** Fields more for each further entry, by the variable's name. */
  readonly perEntry: ReadonlyMap<string, number>;
  readonly depth: number;
  /** Fields that the schema gives of itself. */
  readonly introspected: number;
}

/** The fields of Query by which the schema tells of itself; the last one is there for routers. */
const TELL_SCHEMA: ReadonlySet<string> = new Set(['__schema', '__type', '_service']);

const NONE: ReadonlyMap<string, number> = new Map();
const NOTHING: Cost = { fields: 0, perEntry: NONE, depth: 0, introspected: 0 };

/**
 * How many entries a list of the schema about itself has: what a document costs that asks for types, their fields and
 * so on is known before it is run. By the names of the fields of __Schema and __Type.
 */
export type IntrospectionSizes = Readonly<Record<string, number>>;

export function costOf(
  operation: OperationDefinitionNode,
  { definitions }: DocumentNode,
  introspection: IntrospectionSizes,
): Cost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, Cost>();

  function ofSelections(set: SelectionSetNode | undefined, isIntrospection: boolean): Cost {
    if (set === undefined) return NOTHING;
    return set.selections.map((selection) => ofSelection(selection, isIntrospection)).reduce(sum, NOTHING);
  }

  function ofSelection(selection: SelectionNode, isIntrospection: boolean): Cost {
    if (selection.kind === Kind.FIELD) return ofField(selection, isIntrospection);
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSelections(selection.selectionSet, isIntrospection);
    const key = `${selection.name.value} ${isIntrospection}`;
    let cost = known.get(key);
    if (cost === undefined) {
      // A fragment within itself costs nothing more: validation refuses it.
      known.set(key, NOTHING);
      cost = ofSelections(fragments.get(selection.name.value)?.selectionSet, isIntrospection);
      known.set(key, cost);
    }
    return cost;
  }

  function ofField(field: FieldNode, isIntrospection: boolean): Cost {
    const name = field.name.value;
    const isInside = isIntrospection || TELL_SCHEMA.has(name);
    const below = ofSelections(field.selectionSet, isInside);
    const depth = below.depth + 1;
    const own = 1 + Math.floor((field.alias ?? field.name).value.length / CHARACTERS_PER_FIELD);
    if (isInside) {
      const entries = Object.hasOwn(introspection, name) ? (introspection[name] ?? 1) : 1;
      return { ...below, fields: own + below.fields, depth, introspected: own + below.introspected * entries };
    }
    const lists = below === NOTHING ? [] : (field.arguments?.map(({ value }) => value) ?? []);
    const entries = lists.reduce(
      (n, value) => n * (value.kind === Kind.LIST ? Math.max(1, value.values.length) : 1),
      1,
    );
    let perEntry = entries === 1 ? below.perEntry : times(below.perEntry, entries);
    for (const value of lists) {
      if (value.kind === Kind.VARIABLE)
        perEntry = merge(perEntry, new Map([[value.name.value, below.fields * entries]]));
    }
    return { ...below, fields: own + below.fields * entries, perEntry, depth };
  }

  return ofSelections(operation.selectionSet, false);
}

function sum(a: Cost, b: Cost): Cost {
  if (a === NOTHING) return b;
  return {
    fields: a.fields + b.fields,
    perEntry: merge(a.perEntry, b.perEntry),
    depth: Math.max(a.depth, b.depth),
    introspected: a.introspected + b.introspected,
  };
}

function merge(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const both = new Map(a);
  for (const [variable, fields] of b) both.set(variable, (both.get(variable) ?? 0) + fields);
  return both;
}

function times(perEntry: ReadonlyMap<string, number>, entries: number): ReadonlyMap<string, number> {
  return perEntry.size === 0
    ? perEntry
    : new Map([...perEntry].map(([variable, fields]) => [variable, fields * entries]));
}

/** @throws OverLimit where an operation is too deep, or has too many fields whatever the variables are. */
export function checkCost({ depth, fields, introspected }: Cost): void {
  if (depth > MAX_DEPTH) {
    throw new OverLimit(
      'depth',
      `The operation is ${depth} fields deep, and ${MAX_DEPTH} is the most: ask for less at once.`,
    );
  }
  if (fields > MAX_FIELDS) throw tooManyFields(fields);
  if (introspected > MAX_INTROSPECTED) {
    throw new OverLimit(
      'introspection',
      `The schema would tell ${introspected} fields of itself, and ${MAX_INTROSPECTED} is the most: ask for less at once.`,
    );
  }
}

/** @throws OverLimit where an operation has too many fields for the lists that these variables hold. */
export function checkLists({ fields, perEntry }: Cost, variables: Variables): void {
  let all = fields;
  for (const [name, each] of perEntry) {
    const list = variables[name];
    if (Array.isArray(list)) all += each * Math.max(0, list.length - 1);
  }
  if (all > MAX_FIELDS) throw tooManyFields(all);
}

function tooManyFields(fields: number): OverLimit {
  return new OverLimit(
    'fields',
    `The operation has ${fields} fields, all fragments and lists expanded, and ${MAX_FIELDS} is the most: ask for less at once.`,
  );
}
