// Addresses and networks, such as `10.0.0.0/8, ::1`, as a list that an address can be looked up in.

import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** @returns undefined where a part of it is neither, or is every address there is. */
export function networksOf(text: string): BlockList | undefined {
  const networks = new BlockList();
  for (const part of text.split(',')) {
    const [, address = '', prefix] = /^([\d.a-f:]+)(?:\/([1-9]\d{0,2}))?$/i.exec(part.trim()) ?? [];
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const longest = family === 'ipv4' ? 32 : 128;
    const bits = prefix === undefined ? longest : Number(prefix);
    if (bits > longest || (family === 'ipv6' && !isIPv6(address))) return undefined;
    networks.addSubnet(address, bits, family);
  }
  return networks;
}

/** Whether a host, as it stands in a URL or is listened on, is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export const ADMIN_EXPOSED =
  'ADMIN_HOST lets other machines reach the admin port, which asks for no token: let none but your own in';
