// In a page's worker: losses of twenty steps, and the state after them, on several numbers of threads.
import { compile } from '../../js/core/compile.js';
import { describe } from '../../js/io/describe.js';
import { loadEngine } from '../../js/worker/load.js';
import { useAssets } from '../../web/platform.js';
import { createTuning, everywhere } from '../train/tuning.js';

useAssets('/dist/'); // whose worker.js its threads run

self.onmessage = async ({ data: { fixture, given, counts } }) => {
  const { name, description } = await describe(given.checkpoint, { hub: '/models' });
  const context = { signal: new AbortController().signal, emit() {} };
  const engine = await loadEngine({ description, names: { model: name }, dtype: 'f32', threads: 1 }, context);
  const { tunerFor, takeSteps, train } = createTuning(fixture);
  const runs = [];
  for (const threads of counts) {
    const compiled = await compile({ threads });
    const tuner = await tunerFor(engine, given, { dropout: everywhere, compiled });
    const losses = await takeSteps(tuner, given);
    runs.push({ threads: compiled.threads, losses, state: [...tuner.readState().floats] });
    tuner.dispose();
  }
  self.postMessage({ runs, losses: await train(engine, given) });
};
