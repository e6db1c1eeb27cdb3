// What a snapshot takes on the heap, in bytes, for the store's bound. It is worked out from the shape of its kind, once:
// so much for each object and each list that the shape has, and what its texts take. Found by measuring V8's heap with
// thousands of decoded answers: test/snapshots/weight.test.ts measures again.

import { z } from 'zod';
import { INVITATION_TYPES, type InvitationType, KINDS } from '../invitation/kinds.ts';
import type { Snapshot } from '../invitation/snapshot.ts';

/** An object without fields, and each of its fields. */
const OBJECT_BYTES = 24;
const FIELD_BYTES = 8;
/** A list without entries, and each entry's place. */
const LIST_BYTES = 32;
const PLACE_BYTES = 8;
/** What a snapshot has beside what was read: status, moment of observation and so on. */
const SNAPSHOT_BYTES = 160;

type Weigh = (value: unknown) => number;

const weighs = new Map<InvitationType, Weigh>(INVITATION_TYPES.map((type) => [type, weighOf(KINDS[type].shape)]));

export function bytesOfSnapshot(snapshot: Snapshot): number {
  return SNAPSHOT_BYTES + bytesOfText(snapshot.id) + (weighs.get(snapshot.type)?.(snapshot) ?? 0);
}

/** What a value of this shape takes, less the place that it stands in. */
function weighOf(shape: z.ZodType): Weigh {
  if (shape instanceof z.ZodNullable) {
    const weigh = weighOf(typeOf(shape.unwrap()));
    return (value) => (value === null ? 0 : weigh(value));
  }
  if (shape instanceof z.ZodObject) return weighObject(shape);
  if (shape instanceof z.ZodArray) {
    const weigh = weighOf(typeOf(shape.element));
    return (list) => {
      let bytes = LIST_BYTES;
      if (Array.isArray(list)) for (const entry of list) bytes += PLACE_BYTES + weigh(entry);
      return bytes;
    };
  }
  // Texts of an enum are there once for all, and whatever else a shape may have is a number or the like.
  return shape instanceof z.ZodString ? (value) => bytesOfText(String(value)) : () => 0;
}

function weighObject(shape: z.ZodObject): Weigh {
  const fields = Object.entries(shape.shape).map(([name, field]): [string, Weigh] => [name, weighOf(typeOf(field))]);
  const own = OBJECT_BYTES + FIELD_BYTES * fields.length;
  return (object) => {
    let bytes = own;
    if (typeof object === 'object' && object !== null) {
      for (const [name, weigh] of fields) bytes += weigh(Reflect.get(object, name));
    }
    return bytes;
  };
}

function typeOf(shape: unknown): z.ZodType {
  if (shape instanceof z.ZodType) return shape;
  throw new TypeError('a shape is made of something that is no shape');
}

const BEYOND_LATIN1 = /[\u0100-\uffff]/;

// V8 keeps a text of latin1 in one byte a character, any other in two, behind 16 bytes of its own, and rounds up to 8.
// Texts in JSON of up to ten characters are kept once for all.
export function bytesOfText(text: string): number {
  if (text.length <= 10) return 0;
  return 20 + text.length * (BEYOND_LATIN1.test(text) ? 2 : 1);
}
