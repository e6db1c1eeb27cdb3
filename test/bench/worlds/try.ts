import { SimulatedClock } from './clock.ts';
import { type Mode, Simulation } from './simulation.ts';
import { WORLDS } from './worlds.ts';

const clock = new SimulatedClock();
const real = performance.now.bind(performance);
clock.install();
const [names = 'a', seeds = '1', modes = 'rotation,as built,knows all', hours = '6'] = process.argv.slice(2);
for (const name of names.split(''))
  for (const seed of seeds.split(',')) {
    let base: any;
    for (const mode of modes.split(',') as Mode[]) {
      const t = real();
      const world = WORLDS[name]!;
      const o = await new Simulation(clock, world, mode, Number(seed)).run(Number(hours));
      base ??= o;
      const r = (x: number, n = 2) => x.toFixed(n);
      console.log(
        name,
        seed,
        mode.padEnd(9),
        `untrue ${r(100 * o.untrue)}% (${r(o.untrue / base.untrue)}) read ${r(o.changeToRead, 1)} (${r(o.changeToRead / base.changeToRead)}) answer ${r(o.changeToAnswer, 1)} (${r(o.changeToAnswer / base.changeToAnswer)}) p90 ${r(o.changeToAnswerP90, 0)} age ${r(o.meanAge, 0)} wait ${r(o.longestWait)} reads ${o.reads} used ${r(o.quotaUsed, 3)} 429 ${o.refused} failed ${o.failed} wanted ${o.wanted} found ${r(o.changed, 3)} exp ${r(o.expected, 3)}  [${r((real() - t) / 1000, 1)}s]`,
      );
    }
  }
process.exit(0);
