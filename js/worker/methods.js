// What the worker does: it owns the engine, and answers the calls of js/api/.
import { weightsOf } from '../core/dense.js';
import { forEachBatch } from '../engine/batches.js';
import { fetchLazy } from './fetch-lazy.js';
import { createPause } from '../rpc/progress.js';
import { loadEngine } from './load.js';

/**
 * What was computed for the texts of one batch: a row for each text, or for each of its tokens.
 * @typedef {object} Part
 * @property {number[]} indices [texts] index of each among the caller's texts
 * @property {number[]} starts [texts + 1] the first row of each text, then the number of rows
 * @property {Float32Array} rows [rows][columns]
 */

/**
 * Sends a part to the caller.
 * @param {import('../rpc/serve.js').Context & { part: import('../rpc/serve.js').SendPart }} context
 * @param {import('../engine/engine.js').Batch} batch
 * @param {import('../core/dense.js').Pooling} pooling
 * @param {Float32Array} rows [rows][columns]; transferred, so not to be used afterwards
 */
function sendRows(context, { indices, starts }, pooling, rows) {
  /** @type {Part} */
  const part = { indices, starts: pooling === 'none' ? starts : [...starts.keys()], rows };
  context.part(part, [rows.buffer]);
}

/**
 * The methods for one model, which `load` loads: it is the first call.
 * @returns {{ load: (params: any, context: import('../rpc/serve.js').Context) => Promise<any> } & Record<string, import('../rpc/serve.js').Method>}
 */
export function createMethods() {
  /** Set by `load`. @type {import('../engine/engine.js').Engine} */
  let engine;

  /** Heads that the page uses, by the numbers that it gave them. @type {Map<number, import('../core/dense.js').ReadyHead>} */
  const heads = new Map();

  /** @param {number} number */
  const headOf = (number) => /** @type {import('../core/dense.js').ReadyHead} */ (heads.get(number));

  /**
   * @param {number} number
   * @param {import('../core/dense.js').HeadNetwork} network
   */
  const keepHead = (number, network) => heads.set(number, { ...network, weights: weightsOf(network.dense) });

  return {
    /** Loads the model; if it has a head, this is kept as number `head`. Gives what `ModelInfo` has beyond the caller's options. */
    async load({ head: number, ...params }, context) {
      engine = await loadEngine(params, context);
      const { family, hiddenSize, numLayers, maxPositions: maxTokens, vocabSize } = engine.config;
      const { build, threads } = engine.compiled;
      const { fingerprint, fromCache, configJson: config } = engine;
      const notes = [...engine.notes, ...engine.cacheNotes];
      const { head, maskedHead } = engine.extras;
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
        hasMaskedLMHead: Boolean(maskedHead),
      };
    },

    /** Answers, which says that the worker does not wait for another thread. */
    ping() {},

    async tokenize({ texts }, context) {
      const pause = createPause(context);
      const encodings = [];
      for (const text of texts) {
        encodings.push(engine.tokenizer.tokenize(text));
        await pause();
      }
      return encodings;
    },

    /** Sends the vectors of texts, batch by batch, as `Part`. */
    async embed({ texts, pooling, layer, normalize, truncation, prompt, promptName, task }, context) {
      const { sentencePipeline } = engine.extras;
      const pipeline = pooling === undefined && layer === undefined ? sentencePipeline : undefined;
      const maxTokens = pipeline?.maxTokens;
      /** @type {import('./prompts.js').Prompted} */
      const prompted =
        (prompt ?? promptName ?? task ?? sentencePipeline?.defaultPrompt) !== undefined
          ? (await fetchLazy()).putPrompt(engine, { texts, pooling, prompt, promptName, task, maxTokens }, context)
          : { texts };
      const dense = pipeline?.dense ?? [];
      const spec = {
        pooling: pooling ?? pipeline?.pooling ?? 'mean',
        normalize: normalize ?? pipeline?.normalize ?? false,
        dense,
        weights: weightsOf(dense),
      };
      return forEachBatch(
        engine,
        prompted.texts,
        { phase: 'embed', layers: [layer ?? engine.config.numLayers], truncation, maxTokens },
        (batch) => {
          const own = prompted.own?.(batch) ?? batch;
          sendRows(context, own, spec.pooling, engine.vectors(own, spec));
        },
        context,
      );
    },

    /** Sends a head's logits for texts, batch by batch, as `Part`. */
    logits({ texts, head: number }, context) {
      const head = headOf(number);
      return forEachBatch(
        engine,
        texts,
        { phase: 'classify', layers: [head.layer] },
        (batch) => sendRows(context, batch, head.pooling, engine.logits(batch, head)),
        context,
      );
    },

    /** Keeps the weights of a head that the page has read from a file. */
    keepHead: ({ head, network }) => void keepHead(head, network),

    /** Frees a head's weights; the page does not use them any more. */
    forgetHead: ({ head }) => void heads.delete(head),

    // What is fetched only when it is used.

    fillMask: async (params, context) => (await fetchLazy()).fillMask(engine, params, context),

    /** Sends the logits of windows of texts: `name` is what reads them, readQuestions or readTokens. */
    async windows({ name, head: number, ...params }, context) {
      const head = headOf(number);
      const read = (await fetchLazy())[/** @type {'readQuestions' | 'readTokens'} */ (name)];
      return read(engine, { head, ...params }, context);
    },

    async fit({ head, ...params }, context) {
      const fitted = await (await fetchLazy()).fit(engine, params, context);
      context.signal.throwIfAborted(); // the page would not use the head
      keepHead(head, fitted.network);
      return fitted;
    },

    /** Fetches it before it is used. */
    fetchLazy: async () => void (await fetchLazy()),

    learningCurve: async (params, context) => (await fetchLazy()).learningCurve(engine, params, context),
  };
}
