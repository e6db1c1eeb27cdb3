// Whether a page of a stranger may have sent a request of a port that asks for no token. In the browser of somebody who reaches
// that port such a page reads everything whose name is its own, and it has its name lead there once it is open (DNS rebinding).
// It then sends what a page of ours would: over plain HTTP no Sec-Fetch-… header, and with a GET no Origin. Only the Host
// tells, because the browser writes it. An address was looked up nowhere; the names of OWN lead nowhere in the public DNS.

export type HostCheck = (host: string) => boolean;

/**
 * Names, and domains with all below them, that nobody can register: those of this machine, of the local network, of private
 * networks, of Kubernetes' services, and for tests (RFC 6761).
 */
const OWN = ['localhost', '.localhost', '.local', '.internal', '.svc', '.test'];

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * @param allowed Further names; one that begins with a dot stands for all below it. In small letters.
 * @returns What takes a request's Host, its port included.
 */
export function createHostCheck(allowed: readonly string[]): HostCheck {
  const names = [...OWN, ...allowed];
  return (host) => {
    const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
    if (name.startsWith('[') || IPV4.test(name)) return true;
    // Those of containers and of machines of one's own: without a dot it is no name of the public DNS.
    if (!name.includes('.')) return true;
    return names.some((each) => (each.startsWith('.') ? name.endsWith(each) : name === each));
  };
}

/** Where tokens are asked for: a page that has none reads nothing. */
export const takesAnyHost: HostCheck = () => true;

export const FOREIGN_HOST_FAULT =
  'This name may be a stranger’s: ask by the address, or set PUBLIC_ORIGIN to the origin that you ask.';

export const FOREIGN_ADMIN_HOST_FAULT =
  'This name may be a stranger’s: ask by the address, or add the name to ADMIN_ALLOWED_HOSTS.';
