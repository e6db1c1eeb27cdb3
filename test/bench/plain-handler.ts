// A handler written by hand: a Node handler without GraphQL that makes the same upstream calls with undici.

import { createServer } from 'node:http';
import { Pool } from 'undici';

interface Ref {
  readonly invitationId?: string;
  readonly smartInviteId?: string;
}

// The same calls to the byte: undici sends what it is given and no more.
const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity' };

const [port, partooPort, cronofyPort] = process.argv.slice(2).map(Number);
const partoo = new Pool(`http://127.0.0.1:${partooPort}`, { connections: 32 });
const cronofy = new Pool(`http://127.0.0.1:${cronofyPort}`, { connections: 32 });

async function read({ invitationId, smartInviteId }: Ref): Promise<unknown> {
  const { statusCode, body } =
    invitationId === undefined
      ? await cronofy.request({
          method: 'GET',
          path: `/v1/smart_invites?smart_invite_id=${encodeURIComponent(smartInviteId ?? '')}`,
          headers: { ...HEADERS, authorization: 'Bearer secret' },
        })
      : await partoo.request({
          method: 'GET',
          path: `/v2/review_booster/invitation_status?invitation_id=${encodeURIComponent(invitationId)}`,
          headers: { ...HEADERS, 'x-APIKey': 'key' },
        });
  const json = await body.json();
  return statusCode === 200 ? json : null;
}

createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { refs } = JSON.parse(Buffer.concat(chunks).toString()) as { refs: Ref[] };
  const body = JSON.stringify({ data: await Promise.all(refs.map(read)) });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}).listen(port, '127.0.0.1');
