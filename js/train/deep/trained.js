// What a training leaves: a head with its adapter, or new weights of the model, and a report.
import { DTYPE, STATUS } from '../../core/abi.js';
import { forgetFeatures } from '../dataset/feature-cache.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('./tuner.js').Tuner} Tuner */
/** @typedef {import('./tuner.js').TunerPlan} TunerPlan */

/**
 * The trained head, with copies of the adapters.
 * @param {Tuner} tuner
 * @param {Engine} engine
 * @param {string[]} names of the tensors
 * @param {TunerPlan} plan
 * @returns {import('../../core/dense.js').HeadNetwork}
 */
export function networkOf(tuner, { core, model, config }, names, { tuning, pooling, rank = 0, scale = 1, outputs }) {
  const weights = outputs * config.hiddenSize;
  /** @type {import('../../core/dense.js').Lora} */
  const lora = new Map();
  tuning.forEach((how, tensor) => {
    if (how !== 'ADAPTED') return;
    const [rows, columns] = [core.fn.tensor_rows(model, tensor), core.fn.tensor_columns(model, tensor)];
    lora.set(names[tensor], { ...tuner.readAdapter(tensor), rank, rows, columns, scale });
  });
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
 * Gives the engine the trained weights in place of its own.
 * @param {Engine} engine whose features are no longer those that were kept
 * @param {Tuner} tuner
 * @param {TunerPlan['tuning']} tuning
 */
export function replaceWeights(engine, tuner, tuning) {
  const trained = [...tuning.keys()].filter((tensor) => tuning[tensor] === 'TRAINED');
  for (const tensor of trained) writeTensor(engine, tensor, tuner.readTensor(tensor));
  forgetFeatures(engine);
}

/** Bytes of a tensor that are written at once. */
const PIECE = 2 ** 18;

/**
 * Gives a tensor of the engine's model other numbers.
 * @param {Engine} engine
 * @param {number} tensor number of it
 * @param {Float32Array} values [rows][columns]
 */
function writeTensor({ core, model }, tensor, values) {
  const piece = core.scratch(PIECE);
  core.fn.tensor_begin(model, tensor, DTYPE.F32);
  for (let at = 0; at < values.length; at += PIECE / 4) {
    const some = values.subarray(at, at + PIECE / 4);
    core.floats(piece, some.length).set(some);
    const status = core.fn.tensor_write(model, piece, some.byteLength);
    if (status !== STATUS.OK) throw new Error(`bertlet_tensor_write: ${status}`);
  }
}

/**
 * @param {any} params of `tune`
 * @param {import('./task.js').TuningTask<any>} task
 * @param {TunerPlan} plan
 * @param {import('./train.js').Standing} standing at the end
 * @param {Engine} engine
 */
export function reportOf({ tuning: how, questions, classes }, task, { pooling }, { step, history, best }, { config }) {
  const { method, rank, alpha, rslora, dropout, targetModules, layers, learningRate, batchSize } = how;
  const kept = best ? history[best.epoch - 1] : history[history.length - 1];
  return {
    method,
    examples: questions ? questions.length : task.train.length,
    ...(questions ? { windows: task.train.length } : { classes }),
    layer: config.numLayers,
    pooling,
    ...(method === 'lora' && { lora: { rank, alpha, rslora, dropout, targetModules } }),
    ...(method === 'layers' && { layers }),
    learningRate,
    batchSize,
    epochs: kept.epoch,
    steps: step,
    trainLoss: kept.loss,
    history,
  };
}
