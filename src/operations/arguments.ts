// The arguments of a field for one request's variables. Mostly they are constants, computed once, or variables, which
// were checked before. Everything else, and every fault, goes to graphql-js.

import { type FieldNode, type GraphQLField, getArgumentValues, isNonNullType, Kind, type ValueNode } from 'graphql';
import type { ArgumentsOf, Variables } from './plan-shape.ts';

type Argument = (taken: Record<string, unknown>, variables: Variables) => boolean;

const NONE: Variables = Object.freeze({});

const noArguments: ArgumentsOf = () => NONE;

export function argumentsOf(definition: GraphQLField<unknown, unknown>, node: FieldNode): ArgumentsOf {
  if (definition.args.length === 0) return noArguments;
  const given = new Map(node.arguments?.map(({ name, value }) => [name.value, value]));
  const slow: ArgumentsOf = (variables) => getArgumentValues(definition, node, variables);
  if (![...given.values()].some(namesVariables)) {
    const constant = attempt(() => slow(NONE));
    return constant === undefined ? slow : () => constant;
  }
  const quick: Argument[] = [];
  for (const { name, type, defaultValue } of definition.args) {
    const value = given.get(name);
    if (value === undefined) {
      if (defaultValue !== undefined) quick.push(constantly(name, defaultValue));
      else if (isNonNullType(type)) return slow;
    } else if (value.kind === Kind.VARIABLE) {
      quick.push(variable(name, value.name.value, defaultValue, isNonNullType(type)));
    } else if (namesVariables(value)) {
      return slow;
    } else {
      const only = { ...definition, args: definition.args.filter((each) => each.name === name) };
      const constant = attempt(() => getArgumentValues(only, node, NONE));
      if (constant === undefined) return slow;
      quick.push(constantly(name, constant[name]));
    }
  }
  return (variables) => {
    const taken: Record<string, unknown> = {};
    for (const take of quick) if (!take(taken, variables)) return slow(variables);
    return taken;
  };
}

function constantly(name: string, value: unknown): Argument {
  return (taken) => {
    taken[name] = value;
    return true;
  };
}

function variable(name: string, variableName: string, defaultValue: unknown, isRequired: boolean): Argument {
  return (taken, variables) => {
    // One that is named like a member of every object is none of the request's.
    if (!Object.hasOwn(variables, variableName)) {
      if (defaultValue !== undefined) taken[name] = defaultValue;
      return !isRequired || defaultValue !== undefined;
    }
    const value = variables[variableName];
    taken[name] = value;
    return !isRequired || (value !== null && value !== undefined);
  };
}

function namesVariables(value: ValueNode): boolean {
  if (value.kind === Kind.VARIABLE) return true;
  if (value.kind === Kind.LIST) return value.values.some(namesVariables);
  return value.kind === Kind.OBJECT && value.fields.some((field) => namesVariables(field.value));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
