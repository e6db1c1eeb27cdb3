// A metric as Prometheus collects it: the lines of its text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

/** All series of one name. */
export interface Family {
  readonly name: string;
  /** Made one by one, when it is collected. */
  lines(): Iterable<string>;
}

export function headed(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** @param labels Each as `name="value"`. */
export function sampleOf(name: string, labels: readonly string[], value: number): string {
  return `${name}${labels.length === 0 ? '' : `{${labels.join()}}`} ${Number.isFinite(value) ? value : textOf(value)}`;
}

function textOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

export type GaugeSample = readonly [labels: readonly string[], value: number];

/** What is looked up when it is collected. @param read Its samples; labels as in `sampleOf`. */
export function gauge(
  name: string,
  help: string,
  read: () => Iterable<GaugeSample>,
  type: 'gauge' | 'counter' = 'gauge',
): Family {
  return {
    name,
    *lines() {
      yield* headed(name, type, help);
      for (const [labels, value] of read()) yield sampleOf(name, labels, value);
    },
  };
}
