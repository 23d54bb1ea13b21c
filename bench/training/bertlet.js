// This project's part: the encoder's passes and steps, on the calling thread and those that it starts.
import { compile } from '../../js/core/compile.js';
import { describe } from '../../js/io/describe.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { loadEngine } from '../../js/worker/load.js';

/** @typedef {import('./suite.js').Batch} Batch */
/** @typedef {import('./suite.js').Method} Method */
/** @typedef {import('./suite.js').Recipe} Recipe */

/** Most tokens of a batch; the gradients of a step's batches add up. */
const BATCH_TOKENS = 512;

/** The weights of the linear layers, in the names of BERT. */
const LINEAR = /layer\.\d+\.(attention\.self\.\w+|.*dense)\.weight$/;

/**
 * @param {import('../suites/suite.js').Place} place
 * @param {number} threads
 */
export async function bertletTraining({ model }, threads) {
  const { name, description } = await describe(model);
  const context = { signal: new AbortController().signal, emit() {} };
  const engineOf = (/** @type {'f32' | 'int8'} */ dtype) =>
    loadEngine({ description, names: { model: name }, dtype, threads }, context);
  const engines = { f32: await engineOf('f32'), int8: await engineOf('int8') };
  const engine = engines.f32;
  const trainer = await compileTrainer(await compile({ threads }));

  return {
    /** @param {string} text @returns {number[]} */
    ids: (text) => [...engine.tokenizer.encode([text], engine.config.maxPositions).ids],

    /** The hidden states of batches. @param {Batch[]} batches @returns {() => void} */
    forward: (batches) => () => {
      for (const { texts } of batches) {
        const encoded = texts.map((ids, index) => ({
          index,
          ids: Int32Array.from(ids),
          second: ids.length,
          cut: false,
        }));
        for (let next = 0; next < encoded.length;) next += engine.forward(encoded, next).indices.length;
      }
    },

    /**
     * Steps of training, one for each batch, which go on from those before.
     * @param {Exclude<Method, 'forward'>} method
     * @param {Batch[]} batches
     * @param {Recipe} recipe
     * @returns {Promise<{ run: () => Promise<number>, dispose: () => void }>} `run` gives the first step's loss
     */
    async steps(method, batches, recipe) {
      const names = tensorNames(engine);
      const lora = method !== 'full';
      const weights = method === 'LoRA int8' ? 'int8' : 'f32';
      const { rank, alpha, learningRate, weightDecay, maxNorm, dropout, head } = recipe;
      const tuning = names.map((one) => (lora ? (LINEAR.test(one) ? 'ADAPTED' : 'FROZEN') : 'TRAINED'));
      const tuner = await Tuner.create(engines[weights], trainer, {
        weights,
        tuning: /** @type {('ADAPTED' | 'FROZEN' | 'TRAINED')[]} */ (tuning),
        maxTokens: BATCH_TOKENS,
        pooling: 'mean',
        rank: lora ? rank : 0,
        scale: alpha / rank,
        dropout: { adapter: lora ? dropout : 0 },
        outputs: 2,
      });
      tuner.head.set(head);
      names.forEach((_, tensor) => {
        if (tuning[tensor] !== 'ADAPTED') return;
        const adapter = tuner.readAdapter(tensor);
        adapter.a.forEach((_, i) => (adapter.a[i] = Math.sin(i) / 20)); // B is 0
        tuner.writeAdapter(tensor, adapter);
      });
      const prepared = batches.map(partsOf);
      const options = { learningRate, weightDecay, maxNorm, seed: 0 };
      return {
        async run() {
          const losses = [];
          for (const parts of prepared) losses.push((await tuner.step(parts, options)).loss);
          return losses[0];
        },
        dispose: () => tuner.dispose(),
      };
    },
  };
}

/**
 * A step's batch, cut into as many as memory is planned for.
 * @param {Batch} batch
 */
function partsOf({ texts, labels }) {
  const parts = [];
  for (let begin = 0, end = 0; begin < texts.length; begin = end) {
    const starts = [0];
    for (; end < texts.length && starts[starts.length - 1] + texts[end].length <= BATCH_TOKENS; end++)
      starts.push(starts[starts.length - 1] + texts[end].length);
    const own = labels.slice(begin, end);
    /** @type {import('../../js/train/deep/tuner.js').Loss} */
    const loss = (core, logits, rows) => {
      const at = core.scratch(4 * rows);
      core.ints(at, rows).set(own);
      return core.fn.softmax_loss(logits, at, 0, rows, 2);
    };
    parts.push({ batch: { ids: texts.slice(begin, end).flat(), starts }, loss, share: own.length / texts.length });
  }
  return parts;
}
