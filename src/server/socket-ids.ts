// The ids of one WebSocket's operations, each unique for as long as the socket is open. A client may use an id again as
// soon as it has completed it, while what the first operation sent still waits for the reader; graphql-ws goes by ids
// alone, and would take the end of the first for that of the second. So it is given ids of our own.

import { parseExactly } from './exact-json.ts';

/** What graphql-ws is given in place of a message: the object, or a text that it refuses. */
export type Incoming = object | string;

export class SocketIds {
  readonly #own = new Map<string, string>();
  #count = 0;

  /** @returns undefined for an id that is in use. */
  own(text: string): Incoming | undefined {
    const message = parse(text);
    if (message === undefined) return NO_MESSAGE;
    const { type, id, payload } = message;
    // What a server says, graphql-ws would take for a fault of ours.
    if (!CLIENT_TYPES.has(type)) return NO_MESSAGE;
    if (typeof id !== 'string') return message;
    if (type === 'subscribe') {
      if (this.#own.has(id)) return undefined;
      this.#count += 1;
      const own = `${this.#count} ${id}`;
      this.#own.set(id, own);
      // The protocol demands a text of every operation; a client that has only a hash may leave it out.
      return { ...message, id: own, payload: isObject(payload) ? { query: '', ...payload } : payload };
    }
    const own = this.#own.get(id);
    if (type === 'complete') this.#own.delete(id);
    return { ...message, id: own ?? id };
  }

  /** @returns a message as the client gets it; undefined where the client has completed the operation that it is of. */
  theirs(text: string): string | undefined {
    const [prefix, quoted = ''] = OWN_ID.exec(text) ?? [];
    if (prefix === undefined) return text;
    const own: string = JSON.parse(quoted);
    const id = own.replace(/^\d+ /, '');
    if (this.#own.get(id) !== own) return undefined;
    const rest = text.slice(prefix.length);
    if (rest.startsWith(',"type":"complete"') || rest.startsWith(',"type":"error"')) this.#own.delete(id);
    return `{"id":${JSON.stringify(id)}${rest}`;
  }
}

// graphql-ws closes the socket with 4400. It never gets a text that was not read here: it would read the numbers in it as they
// come, and the id as the client's.
const NO_MESSAGE = '';

const CLIENT_TYPES = new Set<unknown>(['connection_init', 'ping', 'pong', 'subscribe', 'complete']);

// graphql-ws writes the id first.
const OWN_ID = /^\{"id":("\d+ (?:[^"\\]|\\.)*")/;

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const message: unknown = parseExactly(text);
    return isObject(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
