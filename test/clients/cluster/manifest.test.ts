// README's manifest of a cluster is what Kubernetes takes, by its own schemas and types, and its numbers fit those of the
// gateway.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { KNOWN } from '../../../src/settings/known.ts';
import { reportSettings } from '../../../src/settings/report.ts';
import { SECRET } from '../../access/tokens.ts';
import { freePort } from '../../free-port.ts';
import { blockOf, PAGE, SECRET_FILES } from '../../production/page.ts';
import { type ClusterObject, containerOf, deploymentOf, environmentOf, readManifest } from './manifest.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODELS = { Deployment, PodDisruptionBudget, Service };

/** Seconds that what is in flight may take once the listener is closed, and a second to end. */
const FINISH_SECONDS = 10;

/** The most that README says a process takes. */
const PEAK_MEGABYTES = Number(/(\d+) MB at most with its store full/.exec(PAGE)?.[1]);

const manifest = readManifest();
const gateway = deploymentOf('invitation-gateway');
const container = containerOf(gateway);

function validate(object: ClusterObject): void {
  const Model = MODELS[object.kind];
  new (Model as new (data: ClusterObject) => { validate(): void })(object).validate();
}

/** What the type checker says about these objects. Only written out do they also have to be without unknown members. */
async function checkTypes(objects: readonly object[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'manifest-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink(join(ROOT, 'test/clients/node_modules'), join(folder, 'node_modules'));
  const lines = objects.map((object, n) => `export const object${n}: ClusterObject = ${JSON.stringify(object)};`);
  const types = Object.entries({ apps: 'Deployment', policy: 'PodDisruptionBudget', '': 'Service' });
  const imports = types.map(
    ([group, kind]) => `import type { I${kind} } from 'kubernetes-models/${group && `${group}/`}v1/${kind}';`,
  );
  const all = `type ClusterObject = ${types.map(([, kind]) => `I${kind}`).join(' | ')};`;
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'manifest.ts'), [...imports, all, ...lines].join('\n'));
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig', 'manifest.ts'];
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  return promisify(execFile)(tsc, flags, { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr || 'it failed',
  );
}

describe('the manifest', () => {
  test("is valid by Kubernetes' schemas", () => {
    expect(manifest.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'PodDisruptionBudget',
      'Deployment',
      'Service',
    ]);
    for (const object of manifest) validate(object);
    const wrong = { ...gateway, spec: { ...gateway.spec, replicas: '2' } } as unknown as ClusterObject;
    expect(() => validate(wrong)).toThrow('replicas');
  });

  test("has no member that Kubernetes' types do not know", { timeout: 60_000 }, async () => {
    expect(await checkTypes(manifest)).toBe('');
    const { spec } = structuredClone(gateway);
    Object.assign(spec?.template.spec?.containers[0]?.securityContext ?? {}, { readOnlyRootFileSystem: true });
    expect(await checkTypes([{ ...gateway, spec }])).toContain('readOnlyRootFileSystem');
  });

  test('leads from each Service and budget to the pods of one Deployment', () => {
    const labels = manifest.flatMap((each) =>
      each.kind === 'Deployment' ? [each.spec?.template.metadata?.labels] : [],
    );
    const selectors = manifest.map((each) =>
      each.kind === 'Service' ? each.spec?.selector : each.spec?.selector?.matchLabels,
    );
    for (const selector of selectors) expect(labels).toContainEqual(selector);
    const ports = new Set(
      manifest
        .flatMap((each) => (each.kind === 'Deployment' ? (containerOf(each).ports ?? []) : []))
        .map(({ name }) => name),
    );
    for (const each of manifest) {
      if (each.kind === 'Service') expect(ports).toContain(each.spec?.ports?.[0]?.targetPort);
    }
  });
});

describe("the gateway's Deployment", () => {
  const environment = environmentOf(container);
  const pod = gateway.spec?.template.spec;

  test('sets what the gateway knows, and nothing that it finds wrong', async () => {
    const unknown = Object.keys(environment).filter((name) => !KNOWN.has(name.replace(/_FILE$/, '')));
    expect(unknown).toEqual([]);
    const folder = await mkdtemp(join(tmpdir(), 'manifest-secrets-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const name of Object.keys(SECRET_FILES)) {
      const text = { AUTH_JWT_SECRET: SECRET, REDIS_URL: redisUrl().href }[name] ?? 'a-credential';
      await writeFile(join(folder, name), text);
    }
    const mounted = container.volumeMounts?.[0]?.mountPath ?? '';
    const here = Object.entries(environment).map(([name, value]) => [name, value.replace(mounted, folder)]);
    const { text, isRight } = reportSettings({ NODE_ENV: 'production', ...Object.fromEntries(here) });
    expect(isRight, text).toBe(true);
  });

  test('has every secret in a file that the page makes', () => {
    const [mount] = container.volumeMounts ?? [];
    const [volume] = pod?.volumes ?? [];
    expect(mount?.name).toBe(volume?.name);
    expect(blockOf('sh', 'docker build')).toContain(
      `kubectl create secret generic ${volume?.secret?.secretName} --from-file=secrets\n`,
    );
    const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'));
    const made = Object.keys(SECRET_FILES).map((name) => [`${name}_FILE`, `${mount?.mountPath}/${name}`]);
    expect(files).toEqual(made);
  });

  test('runs the image that the page builds', () => {
    expect(blockOf('sh', 'docker build')).toContain(`docker build --tag ${container.image} .\n`);
  });

  test('waits for longer than a drain takes, and for what is new to be seen', () => {
    const drainSeconds = Number(environment.DRAIN_SECONDS);
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainSeconds + FINISH_SECONDS);
    const { periodSeconds = 0, failureThreshold = 0 } = container.readinessProbe ?? {};
    expect(drainSeconds).toBeGreaterThan(periodSeconds * failureThreshold);
    expect(gateway.spec?.minReadySeconds).toBeGreaterThan(periodSeconds * failureThreshold);
  });

  test('counts the processes that there are while one is replaced', () => {
    const { maxSurge, maxUnavailable } = gateway.spec?.strategy?.rollingUpdate ?? {};
    expect(gateway.spec?.replicas).toBeGreaterThanOrEqual(2);
    expect(maxUnavailable).toBe(0);
    expect(environment.PROCESSES).toBe(String((gateway.spec?.replicas ?? 0) + Number(maxSurge)));
  });

  test('leaves room for the most memory that a process takes', () => {
    const { requests, limits } = container.resources ?? {};
    const megabytes = (text: unknown) => (Number(/^(\d+)Mi$/.exec(String(text))?.[1]) * 2 ** 20) / 1e6;
    expect(megabytes(requests?.memory)).toBeGreaterThan(PEAK_MEGABYTES);
    expect(megabytes(limits?.memory)).toBeGreaterThan(PEAK_MEGABYTES * 1.5);
    expect(requests?.cpu).toBeDefined();
    expect(limits?.cpu).toBeDefined();
  });
});

describe('the Redis', () => {
  const redis = containerOf(deploymentOf('invitation-gateway-redis'));
  const service = manifest.find(({ kind, metadata }) => kind === 'Service' && metadata?.name === redisUrl().hostname);

  test('is where the page says', () => {
    expect(service?.kind === 'Service' && service.spec?.ports?.[0]?.port).toBe(Number(redisUrl().port));
  });

  test('starts with its arguments, and evicts nothing', async () => {
    const port = await freePort();
    const child = spawn('redis-server', [...(redis.args ?? []), '--port', String(port), '--bind', '127.0.0.1'], {
      stdio: 'ignore',
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 });
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    await vi.waitUntil(() => client.status === 'ready');
    const settings = await client.config('GET', 'save', 'appendonly', 'maxmemory', 'maxmemory-policy');
    const { maxmemory, ...others } = Object.fromEntries(pairs(settings as string[]));
    expect(others).toEqual({ save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction' });
    const limit = Number(/^(\d+)Mi$/.exec(String(redis.resources?.limits?.memory))?.[1]) * 2 ** 20;
    expect(Number(maxmemory)).toBeGreaterThan(0);
    expect(Number(maxmemory)).toBeLessThanOrEqual(limit * 0.75);
  });
});

function pairs(flat: readonly string[]): (readonly string[])[] {
  return flat.flatMap((name, n) => (n % 2 === 0 ? [[name, flat[n + 1] ?? '']] : []));
}

/** What the page puts into the secret. */
function redisUrl(): URL {
  return new URL(/`secrets\/REDIS_URL` holds `([^`]+)`/.exec(PAGE)?.[1] ?? '');
}
