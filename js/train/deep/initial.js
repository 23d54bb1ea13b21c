// What training starts from.
import { normal } from '../../base/normal.js';
import { random } from '../../base/random.js';

/**
 * Draws an adapter as PEFT does: A uniformly from +-1 / sqrt(columns), torch's kaiming_uniform_(a = sqrt(5)); B is 0, so that at first the
 * model computes what it did.
 * @param {number} rank
 * @param {number} rows
 * @param {number} columns
 * @param {() => number} next uniform in [0, 1)
 * @returns {{ a: Float32Array, b: Float32Array }} [rank][columns], [rows][rank]
 */
export function drawAdapter(rank, rows, columns, next) {
  const bound = 1 / Math.sqrt(columns);
  const a = Float32Array.from({ length: rank * columns }, () => (2 * next() - 1) * bound);
  return { a, b: new Float32Array(rows * rank) };
}

/** BERT's `initializer_range`. */
const STANDARD_DEVIATION = 0.02;

/**
 * Draws a linear head as transformers does: weights from a normal distribution; biases, and what the loss has of
 * its own, are 0.
 * @param {Float32Array} head weight [outputs][hiddenSize], then what is to be 0; changed
 * @param {number} weights how many numbers the weight has
 * @param {number} seed
 */
export function drawHead(head, weights, seed) {
  const next = random(seed);
  head.fill(0);
  for (let i = 0; i < weights; i++) head[i] = STANDARD_DEVIATION * normal(next);
}

/**
 * Draws all adapters of a tuner.
 * @param {import('./tuner.js').Tuner} tuner
 * @param {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @param {Pick<import('./tuner.js').TunerPlan, 'tuning' | 'rank'>} plan
 * @param {number} seed
 */
export function drawAdapters(tuner, tensors, { tuning, rank = 0 }, seed) {
  const next = random(seed);
  for (const { index, shape } of tensors.values()) {
    const [rows, columns] = shape;
    if (tuning[index] === 'ADAPTED') tuner.writeAdapter(index, drawAdapter(rank, rows, columns, next));
  }
}

/**
 * Draws a masked-LM head as transformers does.
 * @param {import('../../checkpoint/config.js').Config} config
 * @param {number} seed
 * @returns {import('./masked-head.js').MaskedParameters}
 */
export function drawMaskedHead({ hiddenSize, embeddingSize, vocabSize }, seed) {
  const next = random(seed);
  const zeros = () => new Float32Array(embeddingSize);
  return {
    weight: Float32Array.from({ length: embeddingSize * hiddenSize }, () => STANDARD_DEVIATION * normal(next)),
    bias: zeros(),
    gamma: zeros().fill(1),
    beta: zeros(),
    decoderBias: new Float32Array(vocabSize),
  };
}
