// The rules that a document is validated by: graphql-js's own, without those that speak of what is not in it. Validating is
// most of what a new document costs, and a simple one is spared three quarters of the rules.

import {
  type ASTNode,
  type DocumentNode,
  ExecutableDefinitionsRule,
  type FieldNode,
  FragmentsOnCompositeTypesRule,
  Kind,
  KnownArgumentNamesRule,
  KnownDirectivesRule,
  KnownFragmentNamesRule,
  KnownTypeNamesRule,
  LoneAnonymousOperationRule,
  MaxIntrospectionDepthRule,
  NoFragmentCyclesRule,
  NoUndefinedVariablesRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  OverlappingFieldsCanBeMergedRule,
  PossibleFragmentSpreadsRule,
  type SelectionNode,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  UniqueArgumentNamesRule,
  UniqueDirectivesPerLocationRule,
  UniqueFragmentNamesRule,
  UniqueInputFieldNamesRule,
  UniqueOperationNamesRule,
  UniqueVariableNamesRule,
  type ValidationRule,
  ValuesOfCorrectTypeRule,
  VariablesAreInputTypesRule,
  VariablesInAllowedPositionRule,
} from 'graphql';
import { isNode } from './own-texts.ts';

/** What may be in a document: a kind of node, or one of these. */
const SEVERAL_DEFINITIONS = 'several definitions';
const SUBSCRIPTION = 'subscription';
const INTROSPECTION = 'introspection';
const FIELD_BY_TWO_WAYS = 'field by two ways';
const NOT_EXECUTABLE = 'not executable';

const FRAGMENTS = [Kind.FRAGMENT_DEFINITION, Kind.FRAGMENT_SPREAD, Kind.INLINE_FRAGMENT];
const VARIABLES = [Kind.VARIABLE_DEFINITION, Kind.VARIABLE];

/** What each rule speaks of; a rule that is not here is always needed. */
const SUBJECTS = new Map<ValidationRule, readonly string[]>([
  [ExecutableDefinitionsRule, [NOT_EXECUTABLE]],
  [UniqueOperationNamesRule, [SEVERAL_DEFINITIONS]],
  [LoneAnonymousOperationRule, [SEVERAL_DEFINITIONS]],
  [SingleFieldSubscriptionsRule, [SUBSCRIPTION]],
  [KnownTypeNamesRule, [Kind.NAMED_TYPE]],
  [FragmentsOnCompositeTypesRule, FRAGMENTS],
  [UniqueFragmentNamesRule, FRAGMENTS],
  [KnownFragmentNamesRule, FRAGMENTS],
  [NoUnusedFragmentsRule, FRAGMENTS],
  [PossibleFragmentSpreadsRule, FRAGMENTS],
  [NoFragmentCyclesRule, FRAGMENTS],
  [VariablesAreInputTypesRule, VARIABLES],
  [UniqueVariableNamesRule, VARIABLES],
  [NoUndefinedVariablesRule, VARIABLES],
  [NoUnusedVariablesRule, VARIABLES],
  [VariablesInAllowedPositionRule, VARIABLES],
  [KnownDirectivesRule, [Kind.DIRECTIVE]],
  [UniqueDirectivesPerLocationRule, [Kind.DIRECTIVE]],
  [KnownArgumentNamesRule, [Kind.ARGUMENT]],
  [UniqueArgumentNamesRule, [Kind.ARGUMENT]],
  [ValuesOfCorrectTypeRule, [Kind.ARGUMENT, Kind.VARIABLE_DEFINITION]],
  [UniqueInputFieldNamesRule, [Kind.OBJECT]],
  [OverlappingFieldsCanBeMergedRule, [FIELD_BY_TWO_WAYS, ...FRAGMENTS]],
  [MaxIntrospectionDepthRule, [INTROSPECTION]],
]);

/** @param rules Those that there are; plugins may have added some, which are always needed. */
export function rulesFor(document: DocumentNode, rules: readonly ValidationRule[] = specifiedRules): ValidationRule[] {
  const found = new Set<string>();
  if (document.definitions.length > 1) found.add(SEVERAL_DEFINITIONS);
  collect(document, found);
  return rules.filter((rule) => SUBJECTS.get(rule)?.some((subject) => found.has(subject)) ?? true);
}

/** What is in a node; a document is a tree, so that it ends. */
function collect(node: ASTNode, found: Set<string>): void {
  found.add(node.kind);
  if (node.kind === Kind.FIELD && node.name.value.startsWith('__')) found.add(INTROSPECTION);
  if (node.kind === Kind.SELECTION_SET && namesTwice(node.selections)) found.add(FIELD_BY_TWO_WAYS);
  if (node.kind === Kind.OPERATION_DEFINITION && node.operation === 'subscription') found.add(SUBSCRIPTION);
  if (node.kind === Kind.DOCUMENT && !node.definitions.every(({ kind }) => EXECUTABLE.has(kind))) {
    found.add(NOT_EXECUTABLE);
  }
  for (const key in node) {
    const part: unknown = key === 'loc' ? undefined : Reflect.get(node, key);
    if (Array.isArray(part)) for (const each of part) collect(each, found);
    else if (isNode(part)) collect(part, found);
  }
}

const EXECUTABLE: ReadonlySet<string> = new Set([Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION]);

function namesTwice(selections: readonly SelectionNode[]): boolean {
  const fields = selections.filter((node): node is FieldNode => node.kind === Kind.FIELD);
  return fields.length > 1 && new Set(fields.map(({ alias, name }) => (alias ?? name).value)).size < fields.length;
}
