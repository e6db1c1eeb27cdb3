// Certificates for the servers of tests, signed by an authority that the test makes for itself. openssl makes them: Node
// reads certificates and writes none.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** What a process has to trust. */
  readonly cert: string;
  /** @param names As `DNS:localhost,IP:127.0.0.1`, which is the default. */
  issue(options?: { readonly names?: string; readonly isOver?: boolean }): Certificate;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key'];

export function createAuthority(): Authority {
  const own = inFolder((folder) => {
    openssl(folder, ['req', '-x509', ...NEW_KEY, '-out', 'cert', '-days', '2', '-subj', '/CN=Tests']);
  });
  return {
    cert: own.cert,
    issue: ({ names = 'DNS:localhost,IP:127.0.0.1', isOver = false } = {}) =>
      inFolder((folder) => {
        writeFileSync(join(folder, 'authority'), own.cert + own.key);
        const subject = ['-subj', '/CN=Provider', '-addext', `subjectAltName=${names}`];
        openssl(folder, ['req', ...NEW_KEY, '-out', 'request', ...subject]);
        const signer = ['-CA', 'authority', '-CAkey', 'authority', '-copy_extensions', 'copy'];
        openssl(folder, ['x509', '-req', '-in', 'request', '-out', 'cert', ...signer, '-days', isOver ? '-1' : '2']);
      }),
  };
}

/** For this process and all that connects from it. */
export function trust({ cert }: Authority): void {
  setDefaultCACertificates([...getCACertificates('default'), cert]);
}

/** @returns the key and the certificate that `make` has left there. */
function inFolder(make: (folder: string) => void): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  try {
    make(folder);
    const [key, cert] = ['key', 'cert'].map((name) => readFileSync(join(folder, name), 'utf8'));
    return { key: key ?? '', cert: cert ?? '' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function openssl(folder: string, args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}
