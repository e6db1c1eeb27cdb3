// What an operation costs at most, counted without running it: fields and bytes after all fragments are expanded, each
// fragment looked at once, times the list that a field's arguments name (literally here, or by the variables of each
// request), and the lists whose lengths are known beforehand.

import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { PROVIDERS } from '../invitation/provider.ts';
import { weightOfField } from '../loaders/answer-weight.ts';
import { type IntrospectionSizes, isOfOneType, TELL_SCHEMA } from './introspection.ts';

export interface Size {
  readonly fields: number;
  /** About what keys and short values are in JSON; what providers make long is weighed when it is known. */
  readonly bytes: number;
}

/** What an operation costs at most. */
export interface Cost extends Size {
  /** What each further entry of a list adds, by the name of the variable that gives it; one is counted already. */
  readonly perEntry: ReadonlyMap<string, Size>;
  readonly depth: number;
  /** Fields that the schema gives of itself. */
  readonly introspected: number;
}

/** Lists of the schema that are always as long. */
const LENGTHS: ReadonlyMap<string, number> = new Map([['providers', Object.keys(PROVIDERS).length]]);

const NONE: ReadonlyMap<string, Size> = new Map();
const NOTHING: Cost = { fields: 0, bytes: 0, perEntry: NONE, depth: 0, introspected: 0 };

/** Where in an answer a field is: beside the schema, among all of its types, or below one that was chosen. */
type Place = 'outside' | 'all' | 'one';

export function costOf(
  operation: OperationDefinitionNode,
  { definitions }: DocumentNode,
  introspection: IntrospectionSizes,
): Cost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, Cost>();

  function ofSelections(set: SelectionSetNode | undefined, place: Place): Cost {
    let all = NOTHING;
    if (set !== undefined) for (const selection of set.selections) all = sum(all, ofSelection(selection, place));
    return all;
  }

  function ofSelection(selection: SelectionNode, place: Place): Cost {
    if (selection.kind === Kind.FIELD)
      return place === 'outside' ? ofField(selection) : ofIntrospection(selection, place);
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSelections(selection.selectionSet, place);
    const key = `${selection.name.value} ${place}`;
    let cost = known.get(key);
    if (cost === undefined) {
      // A fragment within itself costs nothing more: validation refuses it.
      known.set(key, NOTHING);
      cost = ofSelections(fragments.get(selection.name.value)?.selectionSet, place);
      known.set(key, cost);
    }
    return cost;
  }

  function ofField(field: FieldNode): Cost {
    const name = field.name.value;
    if (TELL_SCHEMA.has(name)) return ofIntrospection(field, 'one');
    // Most fields are leaves.
    if (field.selectionSet === undefined) {
      return { fields: 1, bytes: weightOfField(field), perEntry: NONE, depth: 1, introspected: 0 };
    }
    const below = ofSelections(field.selectionSet, 'outside');
    const lists = field.arguments?.map(({ value }) => value) ?? [];
    const entries = lists.reduce(
      (n, value) => n * (value.kind === Kind.LIST ? Math.max(1, value.values.length) : 1),
      LENGTHS.get(name) ?? 1,
    );
    const all = times(below, entries);
    let perEntry = entries === 1 ? below.perEntry : timesEach(below.perEntry, entries);
    for (const value of lists) {
      if (value.kind === Kind.VARIABLE) perEntry = merge(perEntry, new Map([[value.name.value, all]]));
    }
    return {
      ...below,
      fields: 1 + all.fields,
      bytes: weightOfField(field) + all.bytes,
      perEntry,
      depth: below.depth + 1,
    };
  }

  function ofIntrospection(field: FieldNode, place: 'all' | 'one'): Cost {
    const name = field.name.value;
    const below = ofSelections(field.selectionSet, isOfOneType(name) ? 'one' : name === 'types' ? 'all' : place);
    const entries = introspection.entries.get(name)?.[place] ?? 1;
    return {
      ...below,
      fields: 1 + below.fields,
      bytes: weightOfField(field) + (introspection.bytes.get(name)?.[place] ?? 0) + below.bytes * entries,
      depth: below.depth + 1,
      introspected: 1 + below.introspected * entries,
    };
  }

  return ofSelections(operation.selectionSet, 'outside');
}

function sum(a: Cost, b: Cost): Cost {
  if (a === NOTHING) return b;
  return {
    fields: a.fields + b.fields,
    bytes: a.bytes + b.bytes,
    perEntry: merge(a.perEntry, b.perEntry),
    depth: Math.max(a.depth, b.depth),
    introspected: a.introspected + b.introspected,
  };
}

function merge(a: ReadonlyMap<string, Size>, b: ReadonlyMap<string, Size>): ReadonlyMap<string, Size> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const both = new Map(a);
  for (const [variable, { fields, bytes }] of b) {
    const one = both.get(variable);
    both.set(variable, { fields: fields + (one?.fields ?? 0), bytes: bytes + (one?.bytes ?? 0) });
  }
  return both;
}

function times({ fields, bytes }: Size, entries: number): Size {
  return { fields: fields * entries, bytes: bytes * entries };
}

function timesEach(perEntry: ReadonlyMap<string, Size>, entries: number): ReadonlyMap<string, Size> {
  return perEntry.size === 0
    ? perEntry
    : new Map([...perEntry].map(([variable, size]) => [variable, times(size, entries)]));
}
