// The image as README's command builds it from a clone, unpacked: its configuration, and its layers, those of the base
// first.

import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { blockOf } from '../../production/page.ts';
import { AUTHORITIES, BASE, type ImageStore } from './base-image.ts';

const run = promisify(execFile);

/** What a clone has at its top, and what an operator may have put there. */
const CLONE = ['Dockerfile', '.dockerignore', 'README.md', 'package.json', 'package-lock.json', 'src'];
export const STRAY_FILES = ['.env', 'secrets/PARTOO_API_KEY', '4001.pid'];

export interface ImageConfiguration {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export interface Image {
  readonly configuration: ImageConfiguration;
  /** Everything that is known of it but the layers, as text. */
  readonly description: string;
  /** Of each layer. */
  readonly megabytes: readonly number[];
  /** Where all layers are, one over the other. */
  readonly root: string;
}

/** README's command has arguments that buildah takes, too. */
export async function buildImage(store: ImageStore): Promise<Image> {
  const clone = join(store.folder, 'clone');
  for (const path of CLONE) await cp(path, join(clone, path), { recursive: true });
  await mkdir(join(clone, 'secrets'));
  for (const path of STRAY_FILES) await writeFile(join(clone, path), 'stray');
  const [, tag = '', place = ''] = /^docker build --tag (\S+) (\S+)$/m.exec(blockOf('sh', 'docker build')) ?? [];
  const ours = ['bud', '--pull-never', '--format', 'docker', '--build-arg', `BASE=${BASE}`];
  await store.buildah([...ours, '--secret', `id=npmrc,src=${await npmSettings(store)}`, '--tag', tag, place], clone);
  await store.buildah(['push', '--quiet', tag, `docker-archive:${join(store.folder, 'image.tar')}`]);
  return unpack(store.folder);
}

/** A file by which the build installs packages from where this machine does, and trusts whom it trusts. */
async function npmSettings({ folder }: ImageStore): Promise<string> {
  const path = join(folder, 'npmrc');
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry']);
  await writeFile(path, `registry=${registry.trim()}\ncafile=${AUTHORITIES}\n`);
  return path;
}

async function unpack(folder: string): Promise<Image> {
  const [archive, root] = [join(folder, 'archive'), join(folder, 'bundle/rootfs')];
  await mkdir(archive);
  await mkdir(root, { recursive: true });
  await run('tar', ['--extract', '--file', join(folder, 'image.tar'), '--directory', archive]);
  const [{ Config, Layers }] = JSON.parse(await readFile(join(archive, 'manifest.json'), 'utf8')) as [
    { Config: string; Layers: readonly string[] },
  ];
  const description = await readFile(join(archive, Config), 'utf8');
  const megabytes: number[] = [];
  for (const layer of Layers) {
    const path = join(archive, layer);
    megabytes.push((await stat(path)).size / 1e6);
    await run('tar', ['--extract', '--file', path, '--directory', root]);
  }
  const { config } = JSON.parse(description) as { config: ImageConfiguration };
  return { configuration: config, description, megabytes, root };
}
