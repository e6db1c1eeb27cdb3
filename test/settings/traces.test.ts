// What the settings of traces take.

import { describe, expect, test } from 'vitest';
import { readSettings } from '../../src/settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318' };

function read(environment: Record<string, string>) {
  const { traces } = readSettings(environment);
  return traces && { ...traces, headers: traces.headers.map(([name, value]) => [name, value.reveal()]) };
}

describe('traces', () => {
  test('are off where no endpoint is named, whatever else is', () => {
    expect(read({ OTEL_SERVICE_NAME: 'a', OTEL_EXPORTER_OTLP_HEADERS: 'a=b', OTEL_TRACES_SAMPLER_ARG: '1' })).toBe(
      undefined,
    );
  });

  test('of one operation in a hundred go to the path of the protocol', () => {
    expect(read(ENDPOINT)).toEqual({
      url: 'http://collector.example:4318/v1/traces',
      headers: [],
      serviceName: 'invitation-gateway',
      ratio: 0.01,
    });
  });

  test.each([
    ['https://collector.example', 'https://collector.example/v1/traces'],
    ['https://collector.example/', 'https://collector.example/v1/traces'],
    ['https://collector.example/otlp', 'https://collector.example/otlp/v1/traces'],
    ['http://[::1]:4318', 'http://[::1]:4318/v1/traces'],
  ])('of the endpoint %s go to %s', (endpoint, url) => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })?.url).toBe(url);
  });

  test('of an endpoint of their own go there', () => {
    const own = 'https://traces.example/in';
    expect(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own })?.url).toBe(own);
    expect(read({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own })?.url).toBe(own);
  });

  test.each([
    ['a=b', [['a', 'b']]],
    [
      ' a = b , c=d,',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['authorization=Bearer%20x%3D%3D', [['authorization', 'Bearer x==']]],
    ['authorization=Basic dTpw==', [['authorization', 'Basic dTpw==']]],
  ])('have the headers of %j', (text, headers) => {
    expect(read({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: text })?.headers).toEqual(headers);
  });

  test.each(['0', '1', '0.5', '.25', '1.0', '0.000001'])('are of the part %s', (text) => {
    expect(read({ ...ENDPOINT, OTEL_TRACES_SAMPLER_ARG: text })?.ratio).toBe(Number(text));
  });
});

describe('the start fails, and repeats no value,', () => {
  test.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:sk_1@collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'https://collector/v1/traces?key=sk_1'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'sk_1'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=sk_%E0'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=sk_%0d%0ab: c'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a='],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', '-0.1'],
    ['OTEL_TRACES_SAMPLER_ARG', '50%'],
    ['OTEL_TRACES_SAMPLER_ARG', '1e-3'],
  ])('where %s is %s', (name, value) => {
    const start = () => readSettings({ ...ENDPOINT, [name]: value });
    expect(start).toThrow(new RegExp(`^The settings are not right:\\n  ${name} must be `));
    expect(start).not.toThrow(value);
  });
});
