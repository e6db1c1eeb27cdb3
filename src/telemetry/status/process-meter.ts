// How the process is: whether its timers are late, and how much memory it has.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Hour } from './hour.ts';
import type { ProcessHour, ProcessReport } from './report.ts';

/** How often it is looked whether timers are late, in milliseconds. */
const RESOLUTION_MS = 20;

const MEGABYTE = 1_048_576;

const MINUTE = 6;
const HALF_MINUTE = 3;

export class ProcessMeter {
  readonly #version: string;
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #hour = new Hour(['loopDelayMs', 'heapMegabytes', 'operations', 'events']);
  /** Since the last point. */
  operations = 0;
  events = 0;
  #loopDelayMs = { p99: 0, max: 0 };

  constructor(version: string) {
    this.#version = version;
    this.#delays.enable();
  }

  /** Closes a point of the hour. */
  sample(): void {
    this.#loopDelayMs = this.#delaysNow();
    this.#delays.reset();
    this.#hour.add({
      loopDelayMs: this.#loopDelayMs.p99,
      heapMegabytes: process.memoryUsage().heapUsed / MEGABYTE,
      operations: this.operations,
      events: this.events,
    });
    this.operations = 0;
    this.events = 0;
  }

  get operationsLastMinute(): number {
    return this.#hour.sum('operations', MINUTE) + this.operations;
  }

  get eventsLastMinute(): number {
    return this.#hour.sum('events', MINUTE) + this.events;
  }

  report(isDraining: boolean): ProcessReport {
    const { heapUsed, rss } = process.memoryUsage();
    const now = this.#delaysNow();
    return {
      version: this.#version,
      node: process.version,
      uptimeMs: process.uptime() * 1_000,
      isDraining,
      loopDelayMs: { p99: Math.max(now.p99, this.#loopDelayMs.p99), max: Math.max(now.max, this.#loopDelayMs.max) },
      lateMs: this.#lateMs,
      heapBytes: heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      rssBytes: rss,
    };
  }

  get hour(): ProcessHour {
    const rounded = (name: 'loopDelayMs' | 'heapMegabytes' | 'operations') =>
      this.#hour.series(name).map((value) => Math.round(value * 10) / 10);
    return {
      loopDelayMs: rounded('loopDelayMs'),
      heapMegabytes: rounded('heapMegabytes'),
      operations: rounded('operations'),
    };
  }

  get #lateMs(): number {
    return this.#hour.length < HALF_MINUTE ? 0 : this.#hour.sum('loopDelayMs', HALF_MINUTE) / HALF_MINUTE;
  }

  stop(): void {
    this.#delays.disable();
  }

  /** What is measured is from one look to the next: beyond the time between two, it is late. */
  #delaysNow(): { readonly p99: number; readonly max: number } {
    if (this.#delays.count === 0) return { p99: 0, max: 0 };
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    return { p99: late(this.#delays.percentile(99)), max: late(this.#delays.max) };
  }
}
