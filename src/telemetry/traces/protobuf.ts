// Values → protobuf, into bytes that grow (https://protobuf.dev/programming-guides/encoding/). It knows no message: what is
// written says which field it is of. What has a length is opened, written and closed.

const ENCODER = new TextEncoder();

const WIRE_TYPE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** Room for what has no length: a tag and eight bytes, or ten. */
const MOST_OF_A_NUMBER = 16;

export class ProtobufWriter {
  #bytes = new Uint8Array(4_096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written so far, and no copy of it. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins a field that has a length. @returns where it begins, for `close`. */
  open(field: number): number {
    this.#reserve(MOST_OF_A_NUMBER);
    this.#varint((field << 3) | WIRE_TYPE.delimited);
    // Most lengths need one byte.
    this.#length += 1;
    return this.#length;
  }

  close(start: number): void {
    const length = this.#length - start;
    let extra = 0;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) extra += 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, this.#length);
    }
    this.#length = start - 1;
    this.#varint(length);
    this.#length += length;
  }

  text(field: number, value: string): void {
    const start = this.open(field);
    // So many bytes are the most for a unit of UTF-16.
    this.#reserve(value.length * 3);
    const bytes = this.#bytes;
    let at = start;
    for (let n = 0; n < value.length; n += 1) {
      const code = value.charCodeAt(n);
      if (code > 0x7f) {
        at = start + ENCODER.encodeInto(value, bytes.subarray(start)).written;
        break;
      }
      bytes[at++] = code;
    }
    this.#length = at;
    this.close(start);
  }

  /** @param value A whole number, not negative. */
  integer(field: number, value: number): void {
    this.#reserve(MOST_OF_A_NUMBER);
    this.#varint((field << 3) | WIRE_TYPE.varint);
    this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#reserve(MOST_OF_A_NUMBER);
    this.#varint((field << 3) | WIRE_TYPE.fixed64);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** @param value A whole number, not negative. */
  fixed64(field: number, value: number): void {
    this.#reserve(MOST_OF_A_NUMBER);
    this.#varint((field << 3) | WIRE_TYPE.fixed64);
    const high = Math.floor(value / 2 ** 32);
    this.#view.setUint32(this.#length, value - high * 2 ** 32, true);
    this.#view.setUint32(this.#length + 4, high, true);
    this.#length += 8;
  }

  fixed32(field: number, value: number): void {
    this.#reserve(MOST_OF_A_NUMBER);
    this.#varint((field << 3) | WIRE_TYPE.fixed32);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Bytes that are given as words of 32 bits, from one of them to before another. */
  words(field: number, words: readonly number[], from: number, to: number): void {
    const start = this.open(field);
    this.#reserve((to - from) * 4);
    for (let n = from; n < to; n += 1) {
      this.#view.setInt32(this.#length, words[n] ?? 0);
      this.#length += 4;
    }
    this.close(start);
  }

  #varint(value: number): void {
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    for (; rest > 0x7f_ff_ff_ff; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
    bytes[at++] = rest;
    this.#length = at;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
