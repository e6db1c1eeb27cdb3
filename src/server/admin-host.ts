// Whether a page of a stranger may have sent a request of the operators' port. In an operator's browser such a page reads
// everything whose name is its own, and it has its name lead to this port once it is open (DNS rebinding). It then sends what
// the operators' page would: over plain HTTP no Sec-Fetch-… header, and with a GET no Origin. Only the Host tells, because
// the browser writes it. An address was looked up nowhere; the names of OWN lead nowhere in the public DNS.

/**
 * Names, and domains with all below them, that nobody can register: those of this machine, of the local network, of private
 * networks and of Kubernetes' services.
 */
const OWN = ['localhost', '.localhost', '.local', '.internal', '.svc'];

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * @param allowed Further names; one that begins with a dot stands for all below it. In small letters.
 * @returns What takes a request's Host, its port included.
 */
export function createHostCheck(allowed: readonly string[]): (host: string) => boolean {
  const names = [...OWN, ...allowed];
  return (host) => {
    const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
    if (name.startsWith('[') || IPV4.test(name)) return true;
    // Those of containers and of machines of one's own: without a dot it is no name of the public DNS.
    if (!name.includes('.')) return true;
    return names.some((each) => (each.startsWith('.') ? name.endsWith(each) : name === each));
  };
}

export const FOREIGN_HOST_FAULT =
  'This name may be a stranger’s: ask by the address, or add the name to ADMIN_ALLOWED_HOSTS.';
