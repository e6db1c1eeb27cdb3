// Where spans are sent, and of how many operations, by OpenTelemetry's own names of variables
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Its SDK reads the environment too; what stands here is
// read here alone, so that it is checked and reported as every other setting is.

import { z } from 'zod';
import { Secret } from '../upstream/secret.ts';
import { secretSetting } from '../upstream/secret-setting.ts';

export interface TracesSettings {
  /** Where spans are posted, by OTLP over HTTP. */
  readonly url: string;
  /** What the collector asks for besides, as pairs of name and value. */
  readonly headers: readonly (readonly [string, Secret])[];
  readonly serviceName: string;
  /** The part of operations that is traced, 0 to 1. */
  readonly ratio: number;
}

/** Where traces are posted at an endpoint for all signals. */
const TRACES_PATH = 'v1/traces';

const endpoint = z
  .string()
  .refine(
    isEndpoint,
    'must be an http or https URL without a name, password or parameters: what a collector asks for besides are headers',
  )
  .optional();

/** The variables, for the list of all. */
export const TRACES_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: secretSetting(
    z
      .string()
      .refine(
        (text) => headersIn(text) !== undefined,
        'must be headers such as name=value, separated by commas, with other characters in values percent-encoded',
      )
      .transform((text) => new Secret(text)),
  ).optional(),
  OTEL_SERVICE_NAME: z.string().default('invitation-gateway'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .refine((text) => /^(0|1|0?\.\d{1,9}|[01]\.0{1,9}|0\.\d{1,9})$/.test(text), 'must be a part of 1, such as 0.01')
    .transform(Number)
    .prefault('0.01'),
};

const Variables = z.object(TRACES_VARIABLES);

/** @returns undefined where no endpoint is named: then nothing is traced. */
export function tracesOf(set: z.output<typeof Variables>): TracesSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = set;
  const url = own ?? (base && `${base.replace(/\/$/, '')}/${TRACES_PATH}`);
  if (url === undefined) return undefined;
  const headers = headersIn(set.OTEL_EXPORTER_OTLP_HEADERS?.reveal() ?? '') ?? [];
  return {
    url,
    headers: headers.map(([name, value]) => [name, new Secret(value)]),
    serviceName: set.OTEL_SERVICE_NAME,
    ratio: set.OTEL_TRACES_SAMPLER_ARG,
  };
}

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '';
}

/** Names and values as W3C Baggage writes them; undefined where the text is nothing of the kind. */
function headersIn(text: string): readonly (readonly [string, string])[] | undefined {
  const headers: (readonly [string, string])[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [, name = '', value = ''] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const plain = decoded(value);
    if (name === '' || plain === undefined) return undefined;
    headers.push([name, plain]);
  }
  return headers;
}

/** Undefined where it is not encoded so, or is no value of a header. */
function decoded(value: string): string | undefined {
  try {
    const plain = decodeURIComponent(value);
    return /^[\x20-\x7e]+$/.test(plain) ? plain : undefined;
  } catch {
    return undefined;
  }
}
