// How a document is validated: by those of graphql-js's rules that concern what is in it, and by none of them where a
// quick check shows that it is valid (plain-document.ts). Validating is most of what a new document costs.

import {
  type ASTNode,
  type DocumentNode,
  ExecutableDefinitionsRule,
  type FieldNode,
  FragmentsOnCompositeTypesRule,
  type GraphQLError,
  type GraphQLSchema,
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
  validate,
} from 'graphql';
import { isNode } from './own-texts.ts';
import { isPlainlyValid, isSame } from './plain-document.ts';

/** What may be in a document: a kind of node, or one of these. */
const SEVERAL_DEFINITIONS = 'several definitions';
const SUBSCRIPTION = 'subscription';
const INTROSPECTION = 'introspection';
const FIELDS_OF_ONE_KEY = 'different fields of one key';
const NOT_EXECUTABLE = 'not executable';

const FRAGMENTS = [Kind.FRAGMENT_DEFINITION, Kind.FRAGMENT_SPREAD, Kind.INLINE_FRAGMENT];
const VARIABLES = [Kind.VARIABLE_DEFINITION, Kind.VARIABLE];

/** What each rule concerns; a rule that is not here is always needed. */
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
  [OverlappingFieldsCanBeMergedRule, [FIELDS_OF_ONE_KEY, ...FRAGMENTS]],
  [MaxIntrospectionDepthRule, [INTROSPECTION]],
]);

/**
 * What is wrong with a document, as graphql-js's validate says it.
 * @param rules All rules; plugins may have added some, which always run.
 * @param hideSuggestions Whether it says nothing of what is like a name that is unknown.
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  rules: readonly ValidationRule[] = specifiedRules,
  hideSuggestions = false,
): readonly GraphQLError[] {
  const needed = isPlainlyValid(document, schema)
    ? rules.filter((rule) => !specifiedRules.includes(rule))
    : rulesFor(document, rules);
  return needed.length === 0 ? [] : validate(schema, document, needed, { hideSuggestions });
}

function rulesFor(document: DocumentNode, rules: readonly ValidationRule[]): ValidationRule[] {
  const found = new Set<string>();
  if (document.definitions.length > 1) found.add(SEVERAL_DEFINITIONS);
  collect(document, found);
  return rules.filter((rule) => SUBJECTS.get(rule)?.some((subject) => found.has(subject)) ?? true);
}

/** What is in a node; a document is a tree, so that it ends. */
function collect(node: ASTNode, found: Set<string>): void {
  found.add(node.kind);
  if (node.kind === Kind.FIELD && node.name.value.startsWith('__')) found.add(INTROSPECTION);
  if (node.kind === Kind.SELECTION_SET && differByKey(node.selections)) found.add(FIELDS_OF_ONE_KEY);
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

/** Whether two fields have one key and are not the same: they may be in conflict. */
function differByKey(selections: readonly SelectionNode[]): boolean {
  const fields = new Map<string, FieldNode>();
  for (const node of selections) {
    if (node.kind !== Kind.FIELD) continue;
    const key = (node.alias ?? node.name).value;
    const other = fields.get(key);
    if (other === undefined) fields.set(key, node);
    else if (!isSame(node, other)) return true;
  }
  return false;
}
