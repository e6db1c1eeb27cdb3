// README's manifest of a cluster, as objects.

import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IService } from 'kubernetes-models/v1/Service';
import { parseAllDocuments } from 'yaml';
import { blockOf } from '../../production/page.ts';

export type ClusterObject = IDeployment | IService | IPodDisruptionBudget;

/** @throws Error where it is no YAML, or a key stands twice. */
export function readManifest(): readonly ClusterObject[] {
  // Kubernetes reads YAML 1.1, in which words such as `no` are no texts.
  return parseAllDocuments(blockOf('yaml', 'kind: Deployment'), { version: '1.1' }).map((document) => {
    const [error] = 'errors' in document ? document.errors : [];
    if (error !== undefined) throw error;
    return document.toJS() as ClusterObject;
  });
}

export function deploymentOf(name: string): IDeployment {
  const found = readManifest().find(
    (each): each is IDeployment => each.kind === 'Deployment' && each.metadata?.name === name,
  );
  if (found === undefined) throw new Error(`The manifest has no Deployment ${name}.`);
  return found;
}

/** The Deployment's only container. */
export function containerOf({ spec }: IDeployment) {
  const containers = spec?.template.spec?.containers ?? [];
  if (containers[0] === undefined || containers.length > 1) throw new Error('It has not one container.');
  return containers[0];
}

/** The variables that it sets. */
export function environmentOf({ env = [] }: ReturnType<typeof containerOf>): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value = '' }) => [name, value]));
}
