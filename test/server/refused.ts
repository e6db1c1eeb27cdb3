// Requests as they are sent, and how it is seen that one was refused: by its status, in words that tell nothing of the
// source, and without an upstream call.

import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { TestGateway } from '../harness.ts';

export const NOTHING = { partoo: [], cronofy: [] };
export const REVIEW = 'query($id: ID!) { reviewInvitation(invitationId: $id) { invitationId } }';
export const BAD_INPUT = { code: 'BAD_USER_INPUT', retryable: false };

/** @param gateway The one that is asked, once it runs. */
export function requestsTo(gateway: () => TestGateway) {
  function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${gateway().origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  }

  /** Sends the bytes as they are, and gives all that comes back. */
  async function exchange(request: string): Promise<string> {
    const { hostname, port } = new URL(gateway().origin);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(Buffer.from(request, 'latin1'));
    return text(socket);
  }

  const get = (target: string, ...headers: string[]) =>
    exchange(`GET ${target} HTTP/1.1\r\n${['connection: close', ...headers].join('\r\n')}\r\n\r\n`);

  async function expectRefused(answer: Response, status: number): Promise<void> {
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ errors: [{ message: expect.any(String), extensions: BAD_INPUT }] });
    expect(gateway().takeCalls()).toEqual(NOTHING);
  }

  function expectRefusedRaw(answer: string, status: number): void {
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).not.toMatch(/\bat \w|\.[jt]s:\d|node_modules/);
    expect(gateway().takeCalls()).toEqual(NOTHING);
  }

  return { post, exchange, get, expectRefused, expectRefusedRaw };
}
