// The variables of a request, checked against what the operation declares. Valid ones are coerced here, by functions made
// once an operation; graphql-js looks again at the others, and the message names place and type: a value may be an
// address, and is never repeated.

import {
  coerceInputValue,
  GraphQLID,
  type GraphQLInputType,
  type GraphQLSchema,
  GraphQLString,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from 'graphql';
import { BadUserInput } from '../invitation/problem.ts';
import { FieldFault } from './errors.ts';
import type { Variables } from './plan-shape.ts';

export type Coerced = { readonly values: Variables } | { readonly faults: readonly FieldFault[] };

/** From what a request sent to the values that resolvers get. */
export type CoerceVariables = (given: Variables) => Coerced;

interface Declared {
  readonly name: string;
  readonly node: VariableDefinitionNode;
  readonly type: GraphQLInputType;
  /** undefined where there is none. */
  readonly defaultValue: unknown;
  readonly coerce: Coerce;
}

const UNFIT = Symbol('does not fit its type');

/** UNFIT where graphql-js has to look at it. */
type Coerce = (value: unknown) => unknown;

/** Most errors about one request's variables. */
const MAX_FAULTS = 50;

const NONE: Coerced = { values: Object.freeze({}) };

// Nothing is inherited: a caller may give a variable the name of a member that every object has, __proto__ among them. (An
// object whose own prototype is null would be slower.)
const NO_MEMBERS: object = Object.freeze(Object.create(null));

/** @param tellsNames Whether a fault may say which values of an enum there are. */
export function coerceVariablesOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  tellsNames: boolean,
): CoerceVariables {
  const declared = (operation.variableDefinitions ?? []).map((node) => declaredOf(schema, node));
  if (declared.length === 0) return () => NONE;
  return (given) => {
    const values: Record<string, unknown> = Object.create(NO_MEMBERS);
    for (const { name, type, defaultValue, coerce } of declared) {
      if (!Object.hasOwn(given, name)) {
        if (defaultValue !== undefined) values[name] = defaultValue;
        else if (isNonNullType(type)) return coerceSlowly(declared, given, tellsNames);
        continue;
      }
      const coerced = coerce(given[name]);
      if (coerced === UNFIT) return coerceSlowly(declared, given, tellsNames);
      values[name] = coerced;
    }
    return { values };
  };
}

function declaredOf(schema: GraphQLSchema, node: VariableDefinitionNode): Declared {
  const type = typeFromAST(schema, node.type);
  if (!isInputType(type)) throw new TypeError('a variable of a valid document has an input type');
  const defaultValue = node.defaultValue && valueFromAST(node.defaultValue, type);
  return { name: node.variable.name.value, node, type, defaultValue, coerce: coerceOf(type) };
}

function coerceOf(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) {
    const coerce = coerceOf(type.ofType);
    return (value) => (value === null || value === undefined ? UNFIT : coerce(value));
  }
  const coerce = coerceNonNull(type);
  return (value) => (value === null ? null : value === undefined ? UNFIT : coerce(value));
}

function coerceNonNull(type: GraphQLInputType): Coerce {
  if (isListType(type)) {
    const coerce = coerceOf(type.ofType);
    return (value) => {
      if (!Array.isArray(value)) return UNFIT;
      const items: unknown[] = [];
      for (const each of value) {
        const item = coerce(each);
        if (item === UNFIT) return UNFIT;
        items.push(item);
      }
      return items;
    };
  }
  if (isInputObjectType(type)) return coerceObject(type);
  if (isNonNullType(type)) return coerceOf(type);
  if (type === GraphQLString || type === GraphQLID) return (value) => (typeof value === 'string' ? value : UNFIT);
  return (value) => {
    try {
      const parsed: unknown = type.parseValue(value);
      return parsed === undefined ? UNFIT : parsed;
    } catch {
      return UNFIT;
    }
  };
}

function coerceObject(type: Extract<GraphQLInputType, { isOneOf: boolean }>): Coerce {
  const fields = Object.values(type.getFields()).map(({ name, type, defaultValue }) => {
    return { name, defaultValue, isRequired: isNonNullType(type), coerce: coerceOf(type) };
  });
  const { isOneOf } = type;
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return UNFIT;
    const object: Record<string, unknown> = {};
    let known = 0;
    for (const { name, defaultValue, isRequired, coerce } of fields) {
      const given: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
      if (given === undefined) {
        if (defaultValue !== undefined) object[name] = defaultValue;
        else if (isRequired) return UNFIT;
        continue;
      }
      const coerced = coerce(given);
      if (coerced === UNFIT || (isOneOf && coerced === null)) return UNFIT;
      known += 1;
      object[name] = coerced;
    }
    return known === countOf(value) && (!isOneOf || known === 1) ? object : UNFIT;
  };
}

function countOf(value: object): number {
  let count = 0;
  for (const _ in value) count += 1;
  return count;
}

/** As graphql-js does it, value by value, with an error for each value that does not fit. */
function coerceSlowly(declared: readonly Declared[], given: Variables, tellsNames: boolean): Coerced {
  const faults: FieldFault[] = [];
  const values: Record<string, unknown> = Object.create(NO_MEMBERS);
  const tell = (node: VariableDefinitionNode, message: string) => {
    if (faults.length < MAX_FAULTS) faults.push(refusal(node, message));
  };
  for (const { name, node, type, defaultValue } of declared) {
    if (!Object.hasOwn(given, name)) {
      if (defaultValue !== undefined) values[name] = defaultValue;
      else if (isNonNullType(type)) tell(node, `Variable "$${name}" of required type "${type}" was not provided.`);
      continue;
    }
    const value = given[name];
    if (value === null && isNonNullType(type)) {
      tell(node, `Variable "$${name}" of non-null type "${type}" must not be null.`);
      continue;
    }
    if (holdsRoundedNumber(value)) {
      tell(node, `Variable "$${name}" has a number that JSON does not hold exactly: send ids as text.`);
      continue;
    }
    values[name] = coerceInputValue(value, type, (path) => tell(node, unfit(name, type, path, tellsNames)));
  }
  return faults.length > 0 ? { faults } : { values };
}

// The id that comes of a number which was rounded may be another invitation's; and no other type takes one.
function holdsRoundedNumber(value: unknown): boolean {
  // Not by calling itself: what a caller sends may be nested deeper than the stack is.
  const left = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each === 'number' && (Number.isNaN(each) || (Number.isInteger(each) && !Number.isSafeInteger(each)))) {
      return true;
    }
    if (typeof each === 'object' && each !== null) for (const part of Object.values(each)) left.push(part);
  }
  return false;
}

function unfit(name: string, type: GraphQLInputType, path: readonly (string | number)[], tellsNames: boolean): string {
  let place = `$${name}`;
  let expected: GraphQLInputType | undefined = type;
  for (const key of path) {
    place += typeof key === 'number' ? `[${key}]` : `.${key}`;
    expected = expected && typeAt(expected, key);
  }
  return `Variable "${place}" does not fit its type "${expected ?? type}"${hintOf(expected, tellsNames)}.`;
}

/** What fits, where that can be said in short. */
function hintOf(type: GraphQLInputType | undefined, tellsNames: boolean): string {
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (isOneOf(nullable)) return ': give exactly one of its fields';
  if (!isEnumType(nullable) || !tellsNames) return '';
  return `: give one of ${nullable
    .getValues()
    .map(({ name }) => name)
    .join(', ')}`;
}

function typeAt(type: GraphQLInputType, key: string | number): GraphQLInputType | undefined {
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (isListType(nullable)) return typeof key === 'number' ? nullable.ofType : typeAt(nullable.ofType, key);
  return isInputObjectType(nullable) ? nullable.getFields()[key]?.type : undefined;
}

function isOneOf(type: GraphQLInputType | undefined): boolean {
  const nullable = isNonNullType(type) ? type.ofType : type;
  return isInputObjectType(nullable) && nullable.isOneOf;
}

function refusal(node: VariableDefinitionNode, message: string): FieldFault {
  return new FieldFault(new BadUserInput(message), [node], undefined);
}
