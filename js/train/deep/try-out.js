// A classifier that is trained along with the encoder, as `fit` does, only to see what it says: the model stays as it is.
import { indexOfMax, rowOf } from '../../base/numbers.js';
import { outputCount, weightsOf } from '../../core/dense.js';
import { adaptersOf } from '../../engine/adapters.js';
import { forEachBatch } from '../../engine/batches.js';
import { createPause } from '../../rpc/progress.js';
import { longestOf } from './batches.js';
import { tune, withTuned } from './fit.js';
import { encodeAll } from './task.js';
import { batchFor, logitsOf } from './train.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../rpc/serve.js').Context} Context */
/** @typedef {import('../../tokenize/tokenizer.js').Text} Text */
/** @typedef {import('./text-task.js').TextTaskParams & { tuning: import('./fit.js').Tuning }} TuningParams */

/**
 * The classes that a classifier gives texts.
 * @param {Engine} engine
 * @param {TuningParams} params of `tune`, for 'text-classification'
 * @param {Text[]} texts
 * @param {Context} context hears of the training only
 * @returns {Promise<Int32Array>} [texts]; rejects as `tune`
 */
export function classesByTuned(engine, params, texts, context) {
  const { method, modulesToSave } = params.tuning;
  const isBeside = method === 'lora' && modulesToSave.length === 0;
  return (isBeside ? classesByAdapter : classesByWeights)(engine, params, texts, context);
}

/** By an adapter beside the model, also an int8 one. @type {typeof classesByTuned} */
async function classesByAdapter(engine, params, texts, context) {
  const { network } = await tune(engine, params, context, async () => new Map());
  return classesByNetwork(engine, network, texts, context);
}

/**
 * The classes that a head gives texts, with its adapter, if it has one, as `classify` computes it.
 * @param {Engine} engine
 * @param {import('../../core/dense.js').HeadNetwork} network with an output for each class
 * @param {Text[]} texts
 * @param {Context} context hears of nothing
 * @returns {Promise<Int32Array>} [texts]
 */
export async function classesByNetwork(engine, network, texts, context) {
  const { lora } = network;
  const head = { ...network, weights: weightsOf(network.dense) };
  const outputs = outputCount(network.dense);
  const adapters = adaptersOf(engine);
  if (lora) adapters.check(lora);
  const classes = new Int32Array(texts.length);
  try {
    await forEachBatch(
      engine,
      texts,
      { phase: 'classify', layers: [head.layer], spec: head },
      (batch) => {
        const logits = engine.logits(batch, head);
        batch.indices.forEach((index, row) => (classes[index] = indexOfMax(rowOf(logits, row, outputs))));
      },
      { ...context, emit() {} },
    );
  } finally {
    adapters.free(lora);
  }
  return classes;
}

/** By weights that exist in the tuner only, which reads whole texts here. @type {typeof classesByTuned} */
async function classesByWeights(engine, params, texts, context) {
  const pause = createPause(context);
  const { maxPositions } = engine.config;
  const encode = (/** @type {Text} */ text) => engine.tokenizer.encode(text, maxPositions);
  const encoded = await encodeAll(texts, maxPositions, encode, pause, { ...context, emit() {} });
  return withTuned(engine, params, context, longestOf(encoded), async ({ tuner, plan, task, below }) => {
    const examples = encoded.map((one, index) => ({ encoded: one, index, weight: 1 }));
    const batchOf = (/** @type {typeof examples} */ some) => batchFor(engine, task, some, below);
    const logits = await logitsOf(tuner, task, examples, plan.maxTokens, batchOf, pause);
    return Int32Array.from(logits, indexOfMax);
  });
}

/**
 * Warns of texts of which the rest is not trained on.
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {number} maxTokens
 * @param {Context} context
 */
export async function warnOfCut(engine, texts, maxTokens, context) {
  const encode = (/** @type {Text} */ text) => engine.tokenizer.encode(text, maxTokens);
  await encodeAll(texts, maxTokens, encode, createPause(context), context);
}
