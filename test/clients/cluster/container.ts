// A container of the image as README's Deployment describes it, run by runc, which Docker and Kubernetes run theirs with:
// its variables, user, limits, file system and secrets. It shares this machine's network.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Image } from './image.ts';
import { type containerOf, environmentOf } from './manifest.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;

/** Of a processor's time, in microseconds. */
const CPU_PERIOD = 100_000;

export interface Container {
  /** Of its first process, as this machine counts. */
  pid(): Promise<number>;
  /** Runs a program beside it. */
  execute(args: readonly string[], environment?: Record<string, string>): Promise<{ code: number; said: string }>;
  /** Sends its first process a signal, as whoever stops it does. */
  signal(name: string): Promise<void>;
  readonly said: () => string;
  readonly ended: Promise<{ code: number | null }>;
  remove(): Promise<void>;
}

/**
 * @param secrets The file of each secret → its text.
 * @param environment Over the variables of the Deployment.
 */
export async function startContainer(
  image: Image,
  described: ReturnType<typeof containerOf>,
  secrets: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
): Promise<Container> {
  const bundle = dirname(image.root);
  const folder = join(bundle, 'secrets');
  await mkdir(folder);
  for (const [name, text] of Object.entries(secrets)) await writeFile(join(folder, name), text);
  await writeFile(join(bundle, 'config.json'), JSON.stringify(configurationOf(image, described, folder, environment)));
  const id = `gateway-${process.pid}`;
  const runc = (...args: readonly string[]) => ['--root', join(bundle, 'state'), ...args];
  const pidFile = join(bundle, 'pid');
  const child = spawn('runc', runc('run', '--bundle', bundle, '--pid-file', pidFile, id), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null }));
  const said = outputOf(child);
  return {
    pid: async () => Number(await readFile(pidFile, 'utf8')),
    async execute(args, more = {}) {
      const variables = Object.entries(more).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
      return run('runc', runc('exec', ...variables, id, ...args)).then(
        ({ stdout }) => ({ code: 0, said: stdout }),
        ({ code, stderr }: { code: number; stderr: string }) => ({ code, said: stderr }),
      );
    },
    signal: async (name) => void (await run('runc', runc('kill', id, name))),
    said,
    ended,
    async remove() {
      await run('runc', runc('delete', '--force', id));
      await ended;
    },
  };
}

function outputOf(child: ChildProcess): () => string {
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output?.on('data', (text) => {
      said += text;
    });
  }
  return () => said;
}

/** As the OCI's runtime specification has it. */
function configurationOf(
  { configuration }: Image,
  described: ReturnType<typeof containerOf>,
  secrets: string,
  environment: Readonly<Record<string, string>>,
) {
  const [uid, gid] = configuration.User.split(':').map(Number);
  const { readOnlyRootFilesystem, allowPrivilegeEscalation } = described.securityContext ?? {};
  const { cpu, memory } = described.resources?.limits ?? {};
  const limit = Number(/^(\d+)Mi$/.exec(String(memory))?.[1]) * MIB;
  const variables = { ...environmentOf(described), ...environment };
  const readOnly = ['nosuid', 'noexec', 'nodev', 'ro'];
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: readOnlyRootFilesystem },
    process: {
      user: { uid, gid },
      args: described.command ?? configuration.Cmd,
      env: [...configuration.Env, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)],
      cwd: configuration.WorkingDir,
      noNewPrivileges: allowPrivilegeEscalation === false,
      // All are dropped, and none is added.
      capabilities: {},
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: readOnly },
      // Node reads its limit there.
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: readOnly },
      {
        destination: described.volumeMounts?.[0]?.mountPath,
        type: 'bind',
        source: secrets,
        options: ['bind', ...readOnly],
      },
    ],
    linux: {
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
      resources: { memory: { limit, swap: limit }, cpu: { quota: Number(cpu) * CPU_PERIOD, period: CPU_PERIOD } },
    },
  };
}
