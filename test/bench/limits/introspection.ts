// What is expensive to ask of the schema itself.

import { getIntrospectionQuery } from 'graphql';
import { type Candidate, list, named } from './candidate.ts';

const WHOLE = getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, specifiedByUrl: true });
const FRAGMENTS = WHOLE.slice(WHOLE.indexOf('fragment FullType'));

/** Types, the types of their fields, and so on. */
const followed = (levels: number): string =>
  levels === 0 ? '{ name }' : `{ name fields { name type ${followed(levels - 1)} } }`;

export const INTROSPECTION: readonly Candidate[] = [
  {
    name: "GraphiQL's introspection",
    unit: 'time',
    most: 1,
    operation: (_, run) => ({ query: WHOLE.replace('query IntrospectionQuery', named(run)) }),
  },
  {
    name: "GraphiQL's introspection of types, again and again",
    unit: 'times',
    most: 150,
    operation: (size, run) => ({
      query: `${named(run)} { ${list(size, (n) => `s${n}: __schema { types { ...FullType } }`)} } ${FRAGMENTS}`,
    }),
  },
  {
    name: 'introspection that follows the types of fields',
    unit: 'levels',
    most: 6,
    operation: (size, run) => ({ query: `${named(run)} { __schema { types ${followed(size)} } }` }),
  },
  {
    name: 'the same over two levels, again and again',
    unit: 'times',
    most: 150,
    operation: (size, run) => ({
      query: `${named(run)} { ${list(size, (n) => `s${n}: __schema { types ${followed(2)} }`)} }`,
    }),
  },
  {
    name: 'fields of all types under a long alias',
    unit: 'characters',
    most: 90_000,
    operation: (size, run) => ({
      query: `${named(run)} { __schema { types { fields { ${'k'.repeat(1 + size)}: name } } } }`,
    }),
  },
  {
    name: 'the longest description, again and again',
    unit: 'aliases',
    most: 150,
    operation: (size, run) => ({
      query: `${named(run)} { ${list(80, (n) => `a${n}: __type(name: "__Type") { ...Long }`)} } fragment Long on __Type { ${list(size, (n) => `d${n}: description`)} }`,
    }),
  },
];
