// A worker of a page, and each of its threads: losses of twenty steps, and the state after them, on several numbers of threads.
import { compile } from '../../js/core/compile.js';
import { runThread } from '../../js/engine/threads.js';
import { describe } from '../../js/io/describe.js';
import { serve } from '../../js/rpc/serve.js';
import { loadEngine } from '../../js/worker/load.js';
import { ownPort, useAssets } from '../../web/platform.js';
import { createTuning, everywhere } from '../train/tuning.js';

useAssets('/dist/'); // which has the .wasm files

async function tune({ fixture, given, counts }) {
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
  return { runs, losses: await train(engine, given) };
}

serve(ownPort(), { tune, thread: runThread });
