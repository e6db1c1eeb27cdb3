// A WebSocket made by hand, for a client that behaves as no library would: it sends several frames in one piece, does
// not read, or does not close when it is told to (RFC 6455).

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface RawWebSocket {
  readonly socket: Socket;
  /** Resolves when it is closed or cut. */
  readonly closed: Promise<void>;
  /** Every frame that came so far. */
  readonly frames: readonly Frame[];
  /** Sends them all in one piece. */
  send(...frames: readonly Buffer[]): void;
  /** Sends messages of the GraphQL protocol, all in one piece. */
  say(...messages: readonly object[]): void;
  /** What was said in the GraphQL protocol. */
  messages(): readonly { readonly type: string; readonly id?: string; readonly payload?: unknown }[];
  /** The code that it was told to close with. */
  closeCode(): Promise<number>;
}

export function frame(opcode: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const { length } = bytes;
  const size = length < 126 ? [0x80 | length] : length < 65_536 ? [0xfe, length >> 8, length & 255] : undefined;
  const long = Buffer.alloc(9, 0xff);
  if (size === undefined) long.writeBigUInt64BE(BigInt(length), 1);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.of(0x80 | opcode), size ? Buffer.from(size) : long, Buffer.alloc(4), bytes]);
}

/** Is acknowledged when this resolves; is cut when the test is over, and not before. */
export async function openRawWebSocket(origin: string): Promise<RawWebSocket> {
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  const frames: Frame[] = [];
  let rest = Buffer.alloc(0);
  let isOpen = false;
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    const end = isOpen ? 0 : rest.indexOf('\r\n\r\n') + 4;
    if (!isOpen && end < 4) return;
    isOpen = true;
    rest = takeFrames(rest.subarray(end), frames);
  });
  const key = 'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const protocol = 'sec-websocket-protocol: graphql-transport-ws\r\n';
  socket.write(
    `GET /graphql HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n${key}${protocol}\r\n`,
  );

  const send = (...sent: readonly Buffer[]) => void socket.write(Buffer.concat(sent));
  const say = (...said: readonly object[]) => send(...said.map((message) => frame(TEXT, JSON.stringify(message))));
  const messages = () =>
    frames.filter(({ opcode }) => opcode === TEXT).map(({ payload }) => JSON.parse(payload.toString()));
  await vi.waitUntil(() => isOpen);
  say({ type: 'connection_init' });
  await vi.waitUntil(() => messages().length > 0);
  frames.length = 0;
  return {
    socket,
    closed,
    frames,
    send,
    say,
    messages,
    async closeCode() {
      const told = await vi.waitUntil(() => frames.find(({ opcode }) => opcode === CLOSE));
      return told.payload.readUInt16BE(0);
    },
  };
}

/** Moves whole frames out of the bytes. @returns what is left of them. */
function takeFrames(bytes: Buffer, frames: Frame[]): Buffer<ArrayBuffer> {
  let rest = bytes;
  for (;;) {
    const [first = 0, short = 0] = rest;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (rest.length < head) break;
    const length = short === 127 ? Number(rest.readBigUInt64BE(2)) : short === 126 ? rest.readUInt16BE(2) : short;
    if (rest.length < head + length) break;
    frames.push({ opcode: first & 15, payload: rest.subarray(head, head + length) });
    rest = rest.subarray(head + length);
  }
  return Buffer.from(rest);
}
