// From what resolvers give to what is answered, as graphql-js does it (its execute.js, 16.15: same order, same errors,
// same places that become null), over a plan. A differential test holds the two against each other.

import {
  GraphQLError,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { FieldFault } from './errors.ts';
import type { Complete, FieldPlan, Path, Run, SelectionPlan, Variables } from './plan-shape.ts';

type Result = Record<string, unknown>;

/** The fields of one object. @throws where one that must not be null fails. */
export function executeFields(
  run: Run,
  selection: SelectionPlan,
  source: unknown,
  path: Path | undefined,
): Result | Promise<Result> {
  const results: Result = {};
  let hasPromise = false;
  try {
    for (const field of selection.fields) {
      const value =
        field.leaf?.(source) ??
        executeField(run, field, source, { prev: path, key: field.key, typename: selection.type.name });
      if (value === undefined) continue;
      put(results, field.key, value);
      if (isPromise(value)) hasPromise = true;
    }
  } catch (error) {
    if (!hasPromise) throw error;
    // The other fields' promises may reject as well, and each rejection must be handled.
    return settled(results).finally(() => {
      throw error;
    });
  }
  return hasPromise ? settled(results) : results;
}

function executeField(run: Run, field: FieldPlan, source: unknown, path: Path): unknown {
  const info = infoOf(run, field, path);
  try {
    const given = resolve(field.definition, source, field.argumentsOf(run.variables), run.context, info);
    if (!isPromise(given)) return completeField(run, field, info, path, given);
    return given.then(
      (value) => completeField(run, field, info, path, value),
      (error: unknown) => fail(run, field, field.definition.type, path, error),
    );
  } catch (error) {
    return fail(run, field, field.definition.type, path, error);
  }
}

/** What its resolver gave becomes the field's result; null in its place where that fails. */
function completeField(run: Run, field: FieldPlan, info: GraphQLResolveInfo, path: Path, given: unknown): unknown {
  try {
    const completed = field.complete(run, field, info, path, given);
    if (!isPromise(completed)) return completed;
    return completed.then(undefined, (error: unknown) => fail(run, field, field.definition.type, path, error));
  } catch (error) {
    return fail(run, field, field.definition.type, path, error);
  }
}

/** What a field's resolver gives. */
export function resolve(
  { name, resolve }: GraphQLField<unknown, unknown>,
  source: unknown,
  args: Variables,
  context: unknown,
  info: GraphQLResolveInfo,
): unknown {
  if (resolve !== undefined) return resolve(source, args, context, info);
  if ((typeof source !== 'object' || source === null) && typeof source !== 'function') return undefined;
  const property: unknown = Reflect.get(source, name);
  return typeof property === 'function' ? property.call(source, args, context, info) : property;
}

/** Null in its place, with an error; where the place must not be null, the error for the field above. */
function fail(run: Run, field: FieldPlan, type: GraphQLOutputType, path: Path, error: unknown): null {
  const fault = error instanceof FieldFault ? error : new FieldFault(error, field.nodes, pathToArray(path));
  if (isNonNullType(type)) throw fault;
  run.collected.add(fault, path);
  return null;
}

/** The same of an item of a list that is an error itself, and has nothing below it. */
function failItem(run: Run, field: FieldPlan, type: GraphQLOutputType, path: Path, error: Error): null {
  const fault = new FieldFault(error, field.nodes, pathToArray(path));
  if (isNonNullType(type)) throw fault;
  run.collected.addLast(fault, path);
  return null;
}

const completes = new WeakMap<GraphQLOutputType, Complete>();

/** How values of this type are completed. */
export function completeOf(type: GraphQLOutputType): Complete {
  let complete = completes.get(type);
  if (complete === undefined) {
    complete = makeComplete(type);
    completes.set(type, complete);
  }
  return complete;
}

function makeComplete(type: GraphQLOutputType): Complete {
  if (isNonNullType(type)) {
    const complete = completeOf(type.ofType);
    return (run, field, info, path, value) => {
      const completed = complete(run, field, info, path, value);
      if (completed !== null) return completed;
      throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
    };
  }
  const complete = completeNonNull(type);
  return (run, field, info, path, value) => {
    if (value instanceof Error) throw value;
    return value === null || value === undefined ? null : complete(run, field, info, path, value);
  };
}

function completeNonNull(type: GraphQLOutputType): Complete {
  if (isListType(type)) return completeList(type.ofType);
  if (isLeafType(type)) return (_run, _field, _info, _path, value) => serialize(type, value);
  if (isAbstractType(type)) {
    const isPossible = (run: Run, name: unknown) => {
      const possible = typeof name === 'string' ? run.scope.schema.getType(name) : undefined;
      if (isObjectType(possible) && run.scope.schema.isSubType(type, possible)) return possible;
      throw new GraphQLError(`"${type.name}" did not resolve to one of its object types.`);
    };
    return (run, field, info, path, value) => {
      const objectType = isPossible(run, type.resolveType?.(value, run.context, info, type));
      return completeObject(run, field.selectionOn(objectType), path, value);
    };
  }
  if (!isObjectType(type)) throw new TypeError(`${String(type)} is no type of an answer`);
  return (run, field, _info, path, value) => completeObject(run, field.selectionOn(type), path, value);
}

function completeObject(run: Run, selection: SelectionPlan, path: Path, value: unknown) {
  return selection.quick?.(value) ?? executeFields(run, selection, value, path);
}

function serialize(type: GraphQLLeafType, value: unknown): unknown {
  const serialized: unknown = type.serialize(value);
  if (serialized === null || serialized === undefined) throw new Error(`${type.name} was serialized to nothing.`);
  return serialized;
}

function completeList(type: GraphQLOutputType): Complete {
  const complete = completeOf(type);
  return (run, field, info, path, value) => {
    if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
      throw new GraphQLError(`A list was expected of "${info.parentType.name}.${info.fieldName}".`);
    }
    const items: unknown[] = [];
    let hasPromise = false;
    for (const item of value as Iterable<unknown>) {
      const itemPath: Path = { prev: path, key: items.length, typename: undefined };
      // Thrown, as completing it would, each of thousands would cost several times as much.
      if (item instanceof Error) {
        items.push(failItem(run, field, type, itemPath, item));
        continue;
      }
      try {
        const completed = isPromise(item)
          ? item.then((awaited) => complete(run, field, info, itemPath, awaited))
          : complete(run, field, info, itemPath, item);
        if (isPromise(completed)) {
          hasPromise = true;
          items.push(completed.then(undefined, (error: unknown) => fail(run, field, type, itemPath, error)));
        } else {
          items.push(completed);
        }
      } catch (error) {
        items.push(fail(run, field, type, itemPath, error));
      }
    }
    return hasPromise ? Promise.all(items) : items;
  };
}

/** The `info` argument of resolvers. */
export function infoOf({ scope, rootValue, variables }: Run, field: FieldPlan, path: Path): GraphQLResolveInfo {
  return {
    fieldName: field.definition.name,
    fieldNodes: field.nodes,
    returnType: field.definition.type,
    parentType: field.parentType,
    path,
    schema: scope.schema,
    fragments: scope.fragments,
    rootValue,
    operation: scope.operation,
    variableValues: variables,
  };
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

export function pathToArray(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let place: Path | undefined = path; place !== undefined; place = place.prev) keys.push(place.key);
  return keys.reverse();
}

function settled(results: Result): Promise<Result> {
  const keys = Object.keys(results);
  return Promise.all(Object.values(results)).then((values) => {
    // Each in its place, which it has already.
    for (const [n, key] of keys.entries()) put(results, key, values[n]);
    return results;
  });
}

// An alias may be named __proto__, and is a field like any other.
function put(results: Result, key: string, value: unknown): void {
  if (key !== '__proto__') results[key] = value;
  else Object.defineProperty(results, key, { value, enumerable: true, configurable: true, writable: true });
}
