// The plots: the last hour, up to now. Their colours are the page's, which follow the reader's.

import { clock } from './format.js';

const HEIGHT = 130;
const HOUR_S = 3_600;
/** A young process has a shorter past. */
const LEAST_S = 600;
const POINT_S = 10;

/** @typedef {{ label: string, color: string, fill?: string, dashes?: number[] }} Line */

/** @type {Set<{ redraw: () => void }>} */
const plots = new Set();

/** @param {string} name */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @param {HTMLElement} target
 * @param {readonly Line[]} lines
 * @param {readonly [number, number] | null} range Of what is shown; null where it follows the values.
 * @returns {{ show: (at: number, series: readonly (readonly (number | null)[])[]) => void, end: () => void }} what shows other
 *   points, with gaps where there is none, and what ends it.
 */
export function createPlot(target, lines, range) {
  const axis = () => ({
    stroke: () => colour('--soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  });
  let end = 0;
  let shownS = LEAST_S;
  const plot = new uPlot(
    {
      width: Math.max(100, target.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: true, range: () => [end - shownS, end] },
        y: { range: range === null ? (_, __, most) => [0, Math.max(1, most * 1.1)] : [range[0], range[1]] },
      },
      axes: [
        { ...axis(), size: 24, space: 60, values: (_, times) => times.map((time) => clock(time * 1_000).slice(0, 5)) },
        { ...axis(), size: 38, space: 30 },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          label: line.label,
          stroke: () => colour(line.color),
          width: 2,
          points: { show: false },
          ...(line.fill === undefined ? {} : { fill: () => colour(line.fill ?? '') }),
          ...(line.dashes === undefined ? {} : { dash: line.dashes }),
        })),
      ],
    },
    [[0], ...lines.map(() => [0])],
    target,
  );
  plots.add(plot);

  const resizes = new ResizeObserver(() => plot.setSize({ width: Math.max(100, target.clientWidth), height: HEIGHT }));
  resizes.observe(target);
  return {
    show(at, series) {
      end = at / 1_000;
      const points = Math.max(0, ...series.map(({ length }) => length));
      shownS = Math.min(HOUR_S, Math.max(LEAST_S, points * POINT_S));
      const times = Array.from({ length: points }, (_, n) => end - (points - 1 - n) * POINT_S);
      plot.setData([times, ...series.map((values) => [...values])]);
    },
    end() {
      resizes.disconnect();
      plots.delete(plot);
      plot.destroy();
    },
  };
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const plot of plots) plot.redraw();
});
