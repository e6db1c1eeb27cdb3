// Every setting there is, the gateway's own and each provider's, as its schema describes it.

import { z } from 'zod';
import { providers } from '../providers/index.ts';
import { isSecretSetting } from '../upstream/secret-setting.ts';
import { Variables } from './variables.ts';

type Schema = z.core.$ZodType;

const ofProviders: readonly (readonly [string, Schema])[] = providers.flatMap(({ account }) =>
  Object.entries(account.in.shape),
);

/** Name of the variable → its schema. */
export const KNOWN: ReadonlyMap<string, Schema> = new Map([...Object.entries(Variables.shape), ...ofProviders]);

/** Names of the settings that are secrets. Each may stand in a file, and none is printed. */
export const SECRETS: readonly string[] = secretsAmong(KNOWN);

/** Names of the settings that make the accounts of a gateway without a file of tenants. */
export const PROVIDER_SETTINGS: readonly string[] = ofProviders.map(([name]) => name);

/** Those of them that providers are called with. */
export const PROVIDER_SECRETS: readonly string[] = secretsAmong(ofProviders);

/** The default as one would set it; undefined where there is none, or where it depends on other settings. */
export function defaultOf(name: string): string | undefined {
  const schema = KNOWN.get(name);
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return undefined;
  const { defaultValue } = schema.def;
  return typeof defaultValue === 'string' ? defaultValue : undefined;
}

function secretsAmong(settings: Iterable<readonly [string, Schema]>): readonly string[] {
  return [...settings].filter(([, schema]) => isSecretSetting(schema)).map(([name]) => name);
}
