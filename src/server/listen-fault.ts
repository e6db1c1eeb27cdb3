// Why the gateway cannot listen where HOST and PORT say, as a sentence for its operator that names the setting to change.
// Nothing of a setting's value is in it.

/** By the system's code, of the calls that listening makes. */
const FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is in use: set PORT to another one, or end what listens there.',
  EACCES: 'This user may not listen on that port: set PORT to one above 1023, and let a proxy take the lower one.',
  EADDRNOTAVAIL: 'HOST is no address of this machine: set it to one that it has, or to 0.0.0.0 for all of them.',
  EINVAL: 'HOST is an address that only has a meaning with its interface: add it, as in fe80::1%eth0.',
  EAFNOSUPPORT: 'HOST is an address of a family that this machine does not use: set it to an IPv4 address.',
  ENOTFOUND:
    'HOST is a name that leads to no address: set it to an address of this machine, or to 0.0.0.0 for all of them.',
  EAI_AGAIN: 'HOST is a name, and no name server says where it leads: set it to an address of this machine.',
};

/**
 * @param prefix What the names of the two settings begin with.
 * @returns undefined for an error of anything else.
 */
export function listenFault(error: unknown, prefix = ''): string | undefined {
  const { code = '', syscall } = error as { code?: string; syscall?: string };
  return syscall === 'listen' || syscall === 'getaddrinfo'
    ? FAULTS[code]?.replaceAll(/\b(HOST|PORT)\b/g, `${prefix}$1`)
    : undefined;
}
