// A base for the image, made here of Debian's packages, the gateway's own Node and npm, because no registry of images is
// asked: what `BASE` names by default has the same. Everything is built without a daemon, in a folder of the test's own.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What Node and a shell need. */
const PACKAGES = ['base-files', 'coreutils', 'dash', 'libatomic1', 'libc6', 'libstdc++6'];

/** Where the authorities that this machine trusts are, and the base has them. */
export const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

export const BASE = 'localhost/base';

export interface ImageStore {
  readonly folder: string;
  /** Runs buildah on this store. @param cwd Where relative paths begin. */
  buildah(args: readonly string[], cwd?: string): Promise<void>;
  remove(): Promise<void>;
}

/** Holds the base. */
export async function createImageStore(): Promise<ImageStore> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-images-'));
  const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' };
  const place = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
  const store: ImageStore = {
    folder,
    async buildah(args, cwd = folder) {
      await run('buildah', [...place, ...args], { cwd, env, maxBuffer: 2 ** 24 });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  try {
    await addBase(store);
  } catch (error) {
    await store.remove();
    throw error;
  }
  return store;
}

async function addBase({ folder, buildah }: ImageStore): Promise<void> {
  const root = join(folder, 'base');
  const options = ['--quiet', '--variant=extract', `--include=${PACKAGES.join()}`];
  await run('mmdebstrap', [...options, '', root, ...(await aptSources())]);
  await mkdir(join(root, 'usr/local/lib/node_modules'), { recursive: true });
  await cp('node_modules/node/bin/node', join(root, 'usr/local/bin/node'));
  const { stdout: npm } = await run('sh', ['-c', 'readlink -f "$(command -v npm)"']);
  await cp(join(dirname(npm), '..'), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
  await cp(AUTHORITIES, join(root, AUTHORITIES));
  await writeFile(join(folder, 'Basefile'), 'FROM scratch\nADD base /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n');
  await buildah(['bud', '--file', 'Basefile', '--tag', BASE, '.']);
  await rm(root, { recursive: true });
}

/** Files with the sources that this machine's own packages come from. */
async function aptSources(): Promise<string[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = (await readdir(folder)).filter((name) => /\.(list|sources)$/.test(name));
  return ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))].filter((path) => existsSync(path));
}
