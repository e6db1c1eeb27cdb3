// Who a caller is as far as limits are concerned: the address that the connection comes from, or that a trusted proxy
// names in X-Forwarded-For. Each proxy adds the address that it sees at the right, so that the list is read from there,
// past those that are trusted: what stands further left is what a caller wrote itself. `Forwarded` is not read, because
// nginx passes on what a caller wrote. The owner of an IPv6 address usually has its whole /64, so that is one caller.

import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP, isIPv4 } from 'node:net';

/** @returns undefined where a trusted proxy names the caller by what is no address. */
export type CallerIdOf = (request: IncomingMessage) => string | undefined;

export const FORWARDED_FAULT =
  'X-Forwarded-For holds what is no address: let the proxy add addresses alone, without ports.';

/** Whether the connection comes from one of these networks. */
export function isFrom(networks: BlockList, { socket: { remoteAddress } }: IncomingMessage): boolean {
  return remoteAddress !== undefined && networks.rules.length > 0 && isIn(networks, plain(remoteAddress));
}

/** @param address As `plain` gives it. */
function isIn(networks: BlockList, address: string): boolean {
  return networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** @param trusted Addresses whose X-Forwarded-For is believed. */
export function createCallerIds(trusted: BlockList): CallerIdOf {
  const trustsAny = trusted.rules.length > 0;

  return ({ socket: { remoteAddress }, headers }) => {
    if (remoteAddress === undefined) return 'unknown';
    let address = plain(remoteAddress);
    const forwarded = headers['x-forwarded-for'];
    if (!trustsAny || !forwarded) return networkOf(address);
    // Node joins several headers in the order in which they stand.
    const hops = String(forwarded).split(',');
    while (hops.length > 0 && isIn(trusted, address)) {
      const hop = hops.pop()?.trim() ?? '';
      if (isIP(hop) === 0) return undefined;
      address = plain(hop);
    }
    return networkOf(address);
  };
}

/** An IPv4 address also where it is written as one of IPv6; without the name of an interface. */
function plain(address: string): string {
  if (isIPv4(address)) return address;
  const [text = ''] = address.split('%', 1);
  const groups = groupsOf(text);
  const [high = 0, low = 0] = groups.slice(6);
  if (!IPV4_PREFIXES.includes(groups.slice(0, 6).join())) return text;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** ::ffff:0:0/96 (IPv4-mapped, RFC 4291) and 64:ff9b::/96 (what NAT64 makes of an IPv4 caller, RFC 6052). */
const IPV4_PREFIXES = [[0, 0, 0, 0, 0, 0xffff].join(), [0x64, 0xff9b, 0, 0, 0, 0].join()];

function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const network = groupsOf(address).slice(0, 4);
  return `${network.map((group) => group.toString(16)).join(':')}::/64`;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  // A URL's host is its shortest form, without dots.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::').map(numbersOf);
  return [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
}

function numbersOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
