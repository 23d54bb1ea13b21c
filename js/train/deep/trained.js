// What a training leaves: a head with its adapter, or new weights of the model, and a report.
import { mergedPieces } from '../../engine/merge.js';
import { writePieces } from '../../engine/tensor-pieces.js';
import { forgetFeatures } from '../dataset/feature-cache.js';
import { reportTuned } from './encoder-plan.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('./tuner.js').Tuner} Tuner */
/** @typedef {import('./tuner.js').TunerPlan} TunerPlan */

/**
 * The trained head, with copies of the adapters.
 * @param {Tuner} tuner
 * @param {import('../../checkpoint/config.js').Config} config
 * @param {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @param {TunerPlan} plan
 * @returns {import('../../core/dense.js').HeadNetwork}
 */
export function networkOf(tuner, config, tensors, plan) {
  const { pooling, outputs } = plan;
  const weights = outputs * config.hiddenSize;
  const lora = loraOf(tuner, tensors, plan);
  const weight = tuner.head.slice(0, weights);
  const bias = tuner.head.slice(weights, weights + outputs);
  return {
    layer: config.numLayers,
    pooling,
    normalize: false,
    dense: [{ weight, bias, activation: 'none' }],
    ...(lora.size > 0 && { lora }),
  };
}

/**
 * The trained adapters, copies.
 * @param {Tuner} tuner
 * @param {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @param {Pick<TunerPlan, 'tuning' | 'rank' | 'scale'>} plan
 * @returns {import('../../core/dense.js').Lora}
 */
export function loraOf(tuner, tensors, { tuning, rank = 0, scale = 1 }) {
  /** @type {import('../../core/dense.js').Lora} */
  const lora = new Map();
  for (const [name, { index, shape }] of tensors) {
    if (tuning[index] !== 'ADAPTED') continue;
    const [rows, columns] = shape;
    lora.set(name, { ...tuner.readAdapter(index), rank, rows, columns, scale });
  }
  return lora;
}

/**
 * Gives the engine the trained weights in place of its own.
 * @param {Engine} engine whose features are no longer those that were kept
 * @param {Tuner} tuner
 * @param {TunerPlan['tuning']} tuning
 */
export function replaceWeights(engine, tuner, tuning) {
  const changed = changedTensors(engine);
  tuning.forEach((how, tensor) => {
    if (how !== 'TRAINED') return;
    writePieces(engine, tensor, tuner.piecesOf(tensor));
    changed.add(tensor);
  });
  forgetFeatures(engine);
}

/**
 * Merges the trained adapters into the engine's weights.
 * @param {Engine} engine of an f32 model, whose features are no longer those that were kept
 * @param {Tuner} tuner
 * @param {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @param {Pick<TunerPlan, 'tuning' | 'rank' | 'scale'>} plan
 */
export function mergeAdapters(engine, tuner, tensors, { tuning, rank = 0, scale = 1 }) {
  const changed = changedTensors(engine);
  for (const { index, shape } of tensors.values()) {
    if (tuning[index] !== 'ADAPTED') continue;
    const [rows, columns] = shape;
    writePieces(
      engine,
      index,
      mergedPieces(engine, index, { ...tuner.readAdapter(index), rank, rows, columns, scale }),
    );
    changed.add(index);
  }
  forgetFeatures(engine);
}

/** Where it is noted which tensors training has changed. To be called before the first is. @param {Engine} engine */
const changedTensors = (engine) => (engine.trained ??= { fingerprint: engine.fingerprint, tensors: new Set() }).tensors;

/**
 * @param {any} params of `tune`
 * @param {import('./task.js').TuningTask<any>} task
 * @param {TunerPlan} plan
 * @param {import('./train.js').Standing} standing at the end
 * @param {Engine} engine
 */
export function reportOf({ tuning: how, questions, classes }, task, { pooling }, { step, history, best }, { config }) {
  const { method, learningRate, batchSize } = how;
  const kept = best ? history[best.epoch - 1] : history[history.length - 1];
  return {
    method,
    examples: questions ? questions.length : task.train.length,
    ...(questions ? { windows: task.train.length } : { classes }),
    layer: config.numLayers,
    pooling,
    ...reportTuned(method, how),
    learningRate,
    batchSize,
    epochs: kept.epoch,
    steps: step,
    trainLoss: kept.loss,
    history,
  };
}
