// The worker's entry: owns the engine, answers calls. The same file is the body of a further thread of a multi-threaded engine.
import { weightsOf } from '../core/dense.js';
import { forEachBatch } from '../engine/batches.js';
import { ownPort } from '#platform';
import { runThread } from '../engine/threads.js';
import { loadEngine } from './load.js';
import { createPause } from '../rpc/progress.js';
import { serve } from '../rpc/serve.js';

/** @type {import('../engine/engine.js').Engine} */
let engine;

/** Heads that the page has, by the numbers that it gave them. @type {Map<number, import('../core/dense.js').ReadyHead>} */
const heads = new Map();

/** @param {number} number */
const headOf = (number) => /** @type {import('../core/dense.js').ReadyHead} */ (heads.get(number));

/**
 * @param {number} number
 * @param {import('../core/dense.js').HeadNetwork} network
 */
const keepHead = (number, network) => heads.set(number, { ...network, weights: weightsOf(network.dense) });

/**
 * Which texts of a batch, and what was computed of each: a row, or one for each of its tokens.
 * @typedef {object} Part
 * @property {number[]} indices
 * @property {number[]} starts [texts + 1] where the rows of each begin
 * @property {Float32Array} rows [rows][columns]
 * @property {import('../tokenize/located.js').Located[]} [tokens] of each text
 */

/**
 * @param {import('../rpc/serve.js').Context & { part: import('../rpc/serve.js').SendPart }} context
 * @param {import('../engine/engine.js').Batch} batch
 * @param {import('../core/dense.js').Pooling} pooling
 * @param {Float32Array} rows given away
 * @param {Part['tokens']} [tokens]
 */
function sendRows(context, { indices, starts }, pooling, rows, tokens) {
  /** @type {Part} */
  const part = { indices, starts: pooling === 'none' ? starts : [...starts.keys()], rows, tokens };
  context.part(part, [rows.buffer]);
}

serve(ownPort(), {
  async load({ head: number, ...params }, context) {
    engine = await loadEngine(params, context);
    const { family, hiddenSize, numLayers, maxPositions: maxTokens, vocabSize } = engine.config;
    const { build, threads } = engine.compiled;
    const { fingerprint, fromCache, configJson: config } = engine;
    const notes = [...engine.notes, ...engine.cacheNotes];
    const { head, masked } = engine.extras;
    if (head) keepHead(number, head.network);
    return {
      modelType: family.modelType,
      hiddenSize,
      numLayers,
      maxTokens,
      vocabSize,
      build,
      threads,
      notes,
      fingerprint,
      fromCache,
      config,
      head,
      hasMaskedLMHead: Boolean(masked),
    };
  },

  async tokenize({ texts }, context) {
    const pause = createPause(context);
    const encodings = [];
    for (const text of texts) {
      encodings.push(engine.tokenizer.tokenize(text));
      await pause();
    }
    return encodings;
  },

  /** Hands over, batch by batch, the vectors of texts. */
  embed({ texts, pooling, layer, normalize, truncation }, context) {
    const followed = pooling === undefined && layer === undefined ? engine.extras.pipeline : undefined;
    const dense = followed?.dense ?? [];
    const how = {
      pooling: pooling ?? followed?.pooling ?? 'mean',
      normalize: normalize ?? followed?.normalize ?? false,
      dense,
      weights: weightsOf(dense),
    };
    return forEachBatch(
      engine,
      texts,
      { phase: 'embed', layers: [layer ?? engine.config.numLayers], truncation, maxTokens: followed?.maxTokens },
      (batch) => sendRows(context, batch, how.pooling, engine.vectors(batch, how)),
      context,
    );
  },

  /** Hands over, batch by batch, the logits of texts; if they shall be located, with their tokens. */
  async logits({ texts, head: number, located }, context) {
    const head = headOf(number);
    const encode = located ? (await import('./lazy.js')).encodeLocated : undefined;
    return forEachBatch(
      engine,
      texts,
      { phase: 'classify', layers: [head.layer], encode },
      (batch, encoded) => {
        const tokens = located && encoded.map((one) => one.located);
        sendRows(context, batch, head.pooling, engine.logits(batch, head), tokens);
      },
      context,
    );
  },

  /** Of a head that the page has read from a file. */
  keepHead: ({ head, network }) => void keepHead(head, network),

  /** The page has no use for it any more. */
  forgetHead: ({ head }) => void heads.delete(head),

  // What only some pages need is fetched when it is needed.

  fillMask: async (params, context) => (await import('./lazy.js')).fillMask(engine, params, context),

  async questions({ head: number, ...params }, context) {
    const head = headOf(number);
    return (await import('./lazy.js')).readQuestions(engine, { head, ...params }, context);
  },

  async fit({ head, ...params }, context) {
    const fitted = await (await import('./lazy.js')).fit(engine, params, context);
    context.signal.throwIfAborted(); // the page doesn't take it any more
    keepHead(head, fitted.network);
    return fitted;
  },

  learningCurve: async (params, context) => (await import('./lazy.js')).learningCurve(engine, params, context),

  thread: runThread,
});
