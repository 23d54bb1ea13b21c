// This project's part: the encoder's passes and steps, on the calling thread and those that it starts.
import { compile } from '../../js/core/compile.js';
import { describe } from '../../js/io/describe.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { cosineLoss } from '../../js/train/deep/contrastive-loss.js';
import { initialHead } from '../../js/train/deep/pretrain.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { loadEngine } from '../../js/worker/load.js';
import { NOT_MASKED } from './suite.js';

/** @typedef {import('./suite.js').Batch} Batch */
/** @typedef {import('./suite.js').Method} Method */
/** @typedef {import('./suite.js').Recipe} Recipe */
/** @typedef {import('../../js/train/deep/tuner.js').StepPart} StepPart */

/** Most tokens of a batch; the gradients of a step's batches add up. Of pairs all are compared, for which more run together. */
const BATCH_TOKENS = 512;
const PAIR_TOKENS = 1024;

/** The weights of the linear layers, in the names of BERT. */
const LINEAR = /layer\.\d+\.(attention\.self\.\w+|.*dense)\.weight$/;

/**
 * @param {import('./suite.js').Models} models
 * @param {number} threads
 */
export async function bertletTraining({ model, small }, threads) {
  const context = { signal: new AbortController().signal, emit() {} };
  const engineOf = async (/** @type {string} */ folder, /** @type {'f32' | 'int8'} */ dtype) => {
    const { name, description } = await describe(folder);
    return loadEngine({ description, names: { model: name }, dtype, threads }, context);
  };
  const engines = {
    f32: await engineOf(model, 'f32'),
    int8: await engineOf(model, 'int8'),
    small: await engineOf(small, 'f32'),
  };
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
      const isMaskedLm = method === 'MLM';
      const isContrastive = method === 'contrastive';
      const lora = !isMaskedLm && method !== 'full';
      const weights = method === 'LoRA int8' ? 'int8' : 'f32';
      const from = isMaskedLm ? engines.small : engines[weights];
      const names = tensorNames(from);
      const { rank, alpha, learningRate, weightDecay, maxNorm, dropout, head } = recipe;
      const tuning = names.map((one) => (lora ? (LINEAR.test(one) ? 'ADAPTED' : 'FROZEN') : 'TRAINED'));
      const maxTokens = isContrastive ? PAIR_TOKENS : BATCH_TOKENS;
      const tuner = await Tuner.create(from, trainer, {
        weights,
        tuning: /** @type {('ADAPTED' | 'FROZEN' | 'TRAINED')[]} */ (tuning),
        maxTokens,
        pooling: isMaskedLm ? 'none' : 'mean',
        rank: lora ? rank : 0,
        scale: alpha / rank,
        dropout: { adapter: lora ? dropout : 0 },
        outputs: isMaskedLm || isContrastive ? 0 : 2,
        ...(isMaskedLm && { maskedHead: /** @type {const} */ ('gelu') }),
      });
      if (isMaskedLm) tuner.masked.write(initialHead(from, 0));
      else if (!isContrastive) tuner.head.set(head);
      names.forEach((_, tensor) => {
        if (tuning[tensor] !== 'ADAPTED') return;
        const adapter = tuner.readAdapter(tensor);
        adapter.a.forEach((_, i) => (adapter.a[i] = Math.sin(i) / 20)); // B is 0
        tuner.writeAdapter(tensor, adapter);
      });
      const options = { learningRate, weightDecay, maxNorm, seed: 0 };
      const prepared = batches.map((batch) => cut(batch, maxTokens));
      /** A step of batch number i. @param {number} i */
      const step = (i) => {
        if (!isContrastive) return tuner.step(prepared[i].map(isMaskedLm ? maskedPart : labelledPart), options);
        const lossOf = lossOfPairs(/** @type {number[]} */ (batches[i].labels), from.config.hiddenSize);
        return tuner.stepTogether(
          prepared[i].map(({ batch }) => batch),
          lossOf,
          options,
        );
      };
      return {
        async run() {
          const losses = [];
          for (const i of batches.keys()) losses.push((await step(i)).loss);
          return losses[0];
        },
        dispose: () => tuner.dispose(),
      };
    },
  };
}

/**
 * @typedef {object} Part of a step's batch, as many texts as memory is planned for
 * @property {{ ids: number[], starts: number[] }} batch
 * @property {Batch['labels']} labels of its texts; of pairs: none
 * @property {number} share of all texts
 */

/**
 * @param {Batch} batch
 * @param {number} maxTokens
 * @returns {Part[]}
 */
function cut({ texts, labels }, maxTokens) {
  const parts = [];
  for (let begin = 0, end = 0; begin < texts.length; begin = end) {
    const starts = [0];
    for (; end < texts.length && starts[starts.length - 1] + texts[end].length <= maxTokens; end++)
      starts.push(starts[starts.length - 1] + texts[end].length);
    const batch = { ids: texts.slice(begin, end).flat(), starts };
    const own = /** @type {Batch['labels']} */ (labels.slice(begin, end));
    parts.push({ batch, labels: own, share: (end - begin) / texts.length });
  }
  return parts;
}

/** @param {Part} part @returns {StepPart} */
function labelledPart({ batch, labels, share }) {
  const own = /** @type {number[]} */ (labels);
  /** @type {import('../../js/train/deep/tuner.js').Loss} */
  const loss = (core, logits, rows) => {
    const at = core.scratch(4 * rows);
    core.ints(at, rows).set(own);
    return core.fn.softmax_loss(logits, at, 0, rows, 2);
  };
  return { batch, loss, share };
}

/** @param {Part} part @returns {StepPart} */
function maskedPart({ batch, labels, share }) {
  const all = /** @type {number[][]} */ (labels).flat();
  const rows = [...all.keys()].filter((row) => all[row] !== NOT_MASKED);
  return { batch: { ...batch, rows }, labels: rows.map((row) => all[row]), share };
}

/**
 * The loss of a step of pairs: text 2i with text 2i + 1.
 * @param {number[]} scores [pairs] the cosines that they should have
 * @param {number} width
 * @returns {(vectors: Float32Array) => import('../../js/train/deep/contrastive-loss.js').VectorLoss}
 */
const lossOfPairs = (scores, width) => (vectors) =>
  cosineLoss(
    vectors,
    width,
    scores.map((score, i) => ({ left: 2 * i, right: 2 * i + 1, score })),
  );
