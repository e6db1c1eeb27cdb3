// An object compiled to code: one function that reads what is exposed, calls the resolvers that depend on the object
// alone, and builds the answer as one literal, as JSON.stringify takes it fastest. It gives up, and gives undefined, as
// soon as anything waits, fails, or is not what its type says: then the object is completed field by field, which says
// what is wrong. So it may be called twice for one object, and nothing here may have an effect.

import {
  defaultFieldResolver,
  GraphQLBoolean,
  GraphQLInt,
  type GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  TypeNameMetaFieldDef,
} from 'graphql';
import type { FieldPlan, Quick } from './plan-shape.ts';

/** Text of the code, and the values that it names v0, v1 and so on. */
class Code {
  readonly values: unknown[] = [];
  #names = 0;

  value(value: unknown): string {
    this.values.push(value);
    return `v${this.values.length - 1}`;
  }

  name(): string {
    this.#names += 1;
    return `x${this.#names}`;
  }
}

/** undefined where a field of the object takes arguments, may be of several types, or needs more than the object. */
export function compileQuick(type: GraphQLObjectType, fields: readonly FieldPlan[]): Quick | undefined {
  if (type.isTypeOf) return undefined;
  const code = new Code();
  const lines: string[] = [];
  const properties: string[] = [];
  for (const field of fields) {
    const variable = code.name();
    const read = readOf(code, field);
    const complete = completeOf(code, field, field.definition.type, variable);
    if (read === undefined || complete === undefined) return undefined;
    lines.push(`let ${variable} = ${read};`, complete);
    properties.push(`${keyOf(field.key)}: ${variable}`);
  }
  const body = `return (source) => {
    if (typeof source !== 'object' || source instanceof Error) return undefined;
    try {
      ${lines.join('\n')}
      return { ${properties.join(', ')} };
    } catch {
      return undefined;
    }
  };`;
  return new Function(...code.values.map((_, n) => `v${n}`), body)(...code.values) as Quick;
}

function readOf(code: Code, { definition, parentType }: FieldPlan): string | undefined {
  const { name, args, resolve } = definition;
  if (definition === TypeNameMetaFieldDef) return JSON.stringify(parentType.name);
  if (args.length > 0) return undefined;
  if (resolve === undefined || resolve === defaultFieldResolver) return `source[${JSON.stringify(name)}]`;
  // A resolver that takes one parameter depends on the object alone.
  return resolve.length <= 1 ? `${code.value(resolve)}(source)` : undefined;
}

/** Code that completes a variable in place, or returns undefined. */
function completeOf(code: Code, field: FieldPlan, type: GraphQLOutputType, variable: string): string | undefined {
  const inner = isNonNullType(type) ? type.ofType : type;
  const complete = completeNonNull(code, field, inner, variable);
  if (complete === undefined) return undefined;
  const absent = isNonNullType(type) ? 'return undefined;' : `${variable} = null;`;
  return `if (${variable} === null || ${variable} === undefined) { ${absent} } else { ${complete} }`;
}

function completeNonNull(code: Code, field: FieldPlan, type: GraphQLOutputType, x: string): string | undefined {
  if (isListType(type)) {
    const [list, item] = [code.name(), code.name()];
    const complete = completeOf(code, field, type.ofType, item);
    if (complete === undefined) return undefined;
    return `if (!Array.isArray(${x})) return undefined;
      const ${list} = [];
      for (let ${item} of ${x}) { ${complete} ${list}.push(${item}); }
      ${x} = ${list};`;
  }
  if (isObjectType(type)) {
    const quick = quickOf(field, type);
    return (
      quick &&
      `if (typeof ${x}.then === 'function' || (${x} = ${code.value(quick)}(${x})) === undefined) return undefined;`
    );
  }
  return isLeafType(type) ? completeLeaf(code, type, x) : undefined;
}

function quickOf(field: FieldPlan, type: GraphQLObjectType): Quick | undefined {
  try {
    return field.selectionOn(type).quick;
  } catch {
    // A condition that is null: the error belongs to the place of the object.
    return undefined;
  }
}

function completeLeaf(code: Code, type: GraphQLOutputType & { serialize(value: unknown): unknown }, x: string): string {
  if (type === GraphQLString) return `if (typeof ${x} !== 'string') return undefined;`;
  if (type === GraphQLBoolean) return `if (typeof ${x} !== 'boolean') return undefined;`;
  if (type === GraphQLInt) return `if (typeof ${x} !== 'number' || (${x} | 0) !== ${x}) return undefined;`;
  if (isEnumType(type)) {
    const names = new Map(type.getValues().map(({ name, value }) => [value, name]));
    return `${x} = ${code.value(names)}.get(${x}); if (${x} === undefined) return undefined;`;
  }
  const serialize = code.value((value: unknown) => type.serialize(value));
  return `if (${x} instanceof Error) return undefined;
      ${x} = ${serialize}(${x});
      if (typeof ${x} !== 'string') return undefined;`;
}

// In a literal, __proto__ as a plain key sets the prototype.
function keyOf(key: string): string {
  return key === '__proto__' ? `[${JSON.stringify(key)}]` : JSON.stringify(key);
}
