// Tuners of the cases in tests/fixtures/train/tuning.json, and their steps. It runs in Node and in a page's worker.
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';

/** Names of modules in transformers, as BERT has them. */
const asInBert = (name) =>
  name
    .replace('transformer.layer.', 'encoder.layer.')
    .replace(/attention\.(q|k|v)_lin$/, (_, part) => `attention.self.${{ q: 'query', k: 'key', v: 'value' }[part]}`)
    .replace('attention.out_lin', 'attention.output.dense')
    .replace('ffn.lin1', 'intermediate.dense')
    .replace('ffn.lin2', 'output.dense');

/** A batch of texts of the fixture, some of them, as the core wants it, with the loss of its task; `given.hidden` is of all. */
export function partOf(task, given, begin, end) {
  const some = (list) => list.slice(begin, end);
  const ids = some(given.ids);
  const starts = ids.reduce((all, { length }) => [...all, all.at(-1) + length], [0]);
  const batch = { ids: ids.flat(), tokenTypeIds: some(given.types).flat(), starts, hidden: given.hidden };
  const put = (core, values) => {
    const at = core.scratch(4 * values.length);
    core.ints(at, values.length).set(values);
    return at;
  };
  const losses = {
    labels: (core, logits, rows) => core.fn.softmax_loss(logits, put(core, some(given.labels)), 0, rows, 3),
    tags: (core, logits, rows) => core.fn.softmax_loss(logits, put(core, some(given.tags).flat()), 0, rows, 5),
    answers(core, logits) {
      const spans = some(given.spans).flat();
      const at = put(core, [...starts, ...spans]);
      return core.fn.span_loss(logits, at, at + 4 * starts.length, ids.length);
    },
  };
  const tokens = given.ids.flat().length;
  const share = task === 'tags' ? starts.at(-1) / tokens : ids.length / given.ids.length;
  return { batch, loss: losses[task], share };
}

/** How the tensors are tuned, and which has which adapter. */
export function tuningOf(names, { method, adapters }) {
  const lastLayer = Math.max(...names.map((name) => Number(/layer\.(\d+)/.exec(name)?.[1] ?? -1)));
  const adapterOf = new Map(Object.entries(adapters).map(([name, of]) => [`${asInBert(name)}.weight`, of]));
  const tuning = names.map((name) => {
    if (method === 'full') return 'TRAINED';
    if (method === 'layers') return name.includes(`layer.${lastLayer}.`) ? 'TRAINED' : 'FROZEN';
    return adapterOf.has(name) ? 'ADAPTED' : 'FROZEN';
  });
  return { tuning, adapterOf };
}

/**
 * What is the same for all cases: rates of learning, rank and scale of adapters, weight decay.
 * @param {{ rates: number[], rank: number, scale: number, decay: number }} fixture
 */
export function createTuning({ rates, rank, scale, decay }) {
  /** A tuner of a case of the fixture, with its head and adapters. */
  async function tunerFor(engine, given, { keptLayers, dropout, embeds, weights, compiled = engine.compiled } = {}) {
    const names = tensorNames(engine);
    const { tuning, adapterOf } = tuningOf(names, given);
    if (tuning.filter((how) => how === 'ADAPTED').length !== adapterOf.size)
      throw new Error('The fixture has adapters of tensors that are not there');
    const tuner = await Tuner.create(engine, await compileTrainer(compiled), {
      tuning,
      dropout,
      embeds,
      weights,
      maxTokens: Math.max(...given.batches.map(({ ids }) => ids.flat().length)),
      keptLayers,
      pooling: given.task === 'labels' ? 'mean' : 'none',
      rank: given.method === 'lora' ? rank : 0,
      scale,
      outputs: given.head.length,
    });
    tuner.head.set(given.head.flat());
    for (const [name, { a, b }] of adapterOf)
      tuner.writeAdapter(names.indexOf(name), { a: Float32Array.from(a.flat()), b: Float32Array.from(b.flat()) });
    return tuner;
  }

  /** The losses of steps, from step number `begin` to before `end`. `cuts`: where each batch of four texts is cut into smaller ones. */
  async function takeSteps(tuner, given, { cuts = [0, 4], begin = 0, end = rates.length } = {}) {
    const losses = [];
    for (let step = begin; step < end; step++) {
      const batch = given.batches[step % given.batches.length];
      const parts = cuts.slice(1).map((to, i) => partOf(given.task, batch, cuts[i], to));
      const options = { learningRate: rates[step], weightDecay: decay, maxNorm: 1, seed: 0 };
      losses.push((await tuner.step(parts, options)).loss);
    }
    return losses;
  }

  /** The losses of all steps. */
  async function train(engine, given, options) {
    const tuner = await tunerFor(engine, given, options);
    const losses = await takeSteps(tuner, given, options);
    tuner.dispose();
    return losses;
  }

  return { tunerFor, takeSteps, train };
}

/** Rates of every kind of dropout. */
export const everywhere = { hidden: 0.1, attention: 0.1, adapter: 0.1, features: 0.1 };
