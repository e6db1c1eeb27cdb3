// What an operation selects of the invitations that a field gives, computed once a field: whether it selects the extras
// of a kind (a provider's answer is many times larger with them, so that they are read only then), and what each
// invitation weighs in the answer. Lists, texts and extras are as large as the provider makes them, and count each time
// that they are selected.

import {
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';
import { LRUCache } from 'lru-cache';
import { isInvitationType, kindOf } from '../invitation/kinds.ts';
import { weightOfField } from '../loaders/answer-weight.ts';
import type { Selection } from '../loaders/wish.ts';

type Weigh = Selection['weigh'];

/**
 * What a field's nodes select is kept on their array, which lives as long as its operation; nobody freezes it. In a WeakMap,
 * an entry for each new document makes V8's collections of short-lived objects take 30 µs more a document.
 */
const SELECTION = Symbol('what these nodes select');

export function selectionOf(info: GraphQLResolveInfo): Selection {
  const nodes: Nodes & { [SELECTION]?: Selection } = info.fieldNodes;
  const earlier = nodes[SELECTION];
  if (earlier !== undefined) return earlier;
  const given = getNamedType(info.returnType);
  const types = isAbstractType(given) ? info.schema.getPossibleTypes(given) : isObjectType(given) ? [given] : [];
  const weighs = new Map(types.map((type) => [type.name, weighOf(info, type)]));
  const selection: Selection = {
    withExtras: types.some((type) => selectsExtras(info, type)),
    weigh: (snapshot, most) => weighs.get(snapshot.type)?.(snapshot, most) ?? 0,
  };
  nodes[SELECTION] = selection;
  return selection;
}

function selectsExtras(info: GraphQLResolveInfo, type: GraphQLObjectType): boolean {
  const extras = isInvitationType(type.name) ? kindOf({ type: type.name }).extras : null;
  if (extras === null) return false;
  const [outer, inner] = extras.selectedBy;
  const within = getNamedType(type.getFields()[outer]?.type);
  return (
    isObjectType(within) &&
    fieldsOf(info, type, info.fieldNodes)
      .filter(([node]) => node?.name.value === outer)
      .flatMap((nodes) => fieldsOf(info, within, nodes))
      .some(([node]) => node?.name.value === inner)
  );
}

type Nodes = GraphQLResolveInfo['fieldNodes'];

function fieldsOf({ schema, fragments, variableValues }: GraphQLResolveInfo, type: GraphQLObjectType, nodes: Nodes) {
  return [...collectSubfields(schema, fragments, variableValues, type, nodes).values()];
}

/** By the code, and by the text that was selected with. */
const compiled = new LRUCache<string, Weigh>({
  max: 1_000,
  maxSize: 1_000_000,
  sizeCalculation: (_, text) => text.length,
});

/** Different documents often select with the same text: then no code is made. */
function weighOf(info: GraphQLResolveInfo, type: GraphQLObjectType): Weigh {
  const text = textOf(info.fieldNodes);
  if (text === undefined) return compile(info, type);
  const key = `${type.name} ${text}`;
  let weigh = compiled.get(key);
  if (weigh === undefined) {
    weigh = compile(info, type);
    compiled.set(key, weigh);
  }
  return weigh;
}

/** A directive, or three dots that no type follows: a fragment of the document. */
const DEPENDS_ON_MORE = /@|\.\.\.(?!\s*on\s)/;

/** With what a field selects; undefined where that does not follow from its text alone. */
function textOf(nodes: Nodes): string | undefined {
  const loc = nodes.length === 1 ? nodes[0]?.selectionSet?.loc : undefined;
  const text = loc?.source.body.slice(loc.start, loc.end);
  return text === undefined || DEPENDS_ON_MORE.test(text) ? undefined : text;
}

/** Compiled, because it runs for every invitation of every answer. */
function compile(info: GraphQLResolveInfo, type: GraphQLObjectType): Weigh {
  let names = 0;

  /**
   * Code that adds up what `object` holds in the fields that these ways select; what is certain of one is counted once,
   * beforehand, and what a field holds once for all aliases that it has.
   */
  function codeOf(object: string, objectType: GraphQLObjectType, ways: readonly Nodes[]): string {
    const definitions = objectType.getFields();
    const selected = ways.flatMap((nodes) => fieldsOf(info, objectType, nodes));
    const constant = selected.reduce((bytes, [node]) => bytes + (node ? weightOfField(node) : 0), 0);
    const lines: string[] = [];
    for (const [name, aliases] of Map.groupBy(selected, ([node]) => node?.name.value ?? '')) {
      const given = definitions[name]?.type;
      if (given === undefined) continue;
      const [part, entry] = [`part${++names}`, `entry${names}`];
      const named = getNamedType(given);
      const times = aliases.length === 1 ? '' : `${aliases.length} * `;
      lines.push(`const ${part} = ${object}[${JSON.stringify(name)}];`);
      // A global id is of letters that stay as they are.
      const isGlobalId = name === 'id' && isInvitationType(objectType.name);
      const weight = isGlobalId ? `${part}.length` : `weightOf(${part}, most - weight, ${object})`;
      if (!isObjectType(named)) lines.push(`if (typeof ${part} === 'string') weight += ${times}${weight};`);
      else if (!isListType(getNullableType(given))) lines.push(`if (${part}) { ${codeOf(part, named, aliases)} }`);
      else lines.push(`if (${part}) for (const ${entry} of ${part}) { ${codeOf(entry, named, aliases)} }`);
    }
    // It stops where it is too much already.
    return `weight += ${constant}; if (weight > most) return weight; ${lines.join('\n')}`;
  }

  const code = `let weight = 0; ${codeOf('snapshot', type, [info.fieldNodes])} return weight;`;
  let weigh = compiled.get(code);
  if (weigh === undefined) {
    weigh = new Function('weightOf', `return (snapshot, most) => { ${code} };`)(weightOf) as Weigh;
    compiled.set(code, weigh);
  }
  return weigh;
}

/** Up to here a text weighs its characters: what it may be more does not matter beside what every field weighs. */
const MAX_UNREAD_LENGTH = 32;

const ESCAPED_OR_WIDE = /[^\x20-\x7e]|["\\]/;

/** From here on a text's weight is remembered. */
const MIN_LONG_LENGTH = 4_096;

/** By the object that holds it: what is known of an invitation is given in many answers, and never changed. */
const long = new WeakMap<object, { readonly text: string; readonly bytes: number }>();

/** The bytes of a text in JSON; it counts no further than its characters where these are too many already. */
function weightOf(text: string, most: number, holder: object): number {
  if (text.length <= MAX_UNREAD_LENGTH || text.length > most) return text.length;
  if (text.length < MIN_LONG_LENGTH) return bytesOf(text);
  const earlier = long.get(holder);
  if (earlier?.text === text) return earlier.bytes;
  const bytes = bytesOf(text);
  long.set(holder, { text, bytes });
  return bytes;
}

function bytesOf(text: string): number {
  return ESCAPED_OR_WIDE.test(text) ? Buffer.byteLength(JSON.stringify(text)) : text.length;
}
