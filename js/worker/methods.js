// What the worker does: it owns the engine, and answers the calls of js/api/.
import { BertletError } from '../errors.js';
import { nextTask } from '#platform';
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

  const trainedSince = () =>
    new BertletError(
      'HEAD_MODEL_MISMATCH',
      'The model has been trained since: this head does not fit it. Train it again.',
    );

  /** Throws HEAD_MODEL_MISMATCH if the model has other weights now. @param {number} number */
  const headOf = (number) => {
    const head = heads.get(number);
    if (head) return head;
    throw trainedSince();
  };

  /**
   * @param {number} number
   * @param {import('../core/dense.js').HeadNetwork} network
   * @param {string} [fingerprint] of the weights that it is for, where they may have been changed since that was looked at: the caller hears of
   *   new ones only when their training's answer arrives
   * @returns {Promise<void>} rejects with BAD_ADAPTER if its adapter can't lie beside the model, HEAD_MODEL_MISMATCH if that has other weights now
   */
  async function keepHead(number, network, fingerprint = engine.fingerprint) {
    if (network.lora) (await fetchLazy()).adaptersOf(engine).check(network.lora);
    if (fingerprint !== engine.fingerprint) throw trainedSince();
    heads.set(number, { ...network, weights: weightsOf(network.dense) });
  }

  /** How many calls read the model's weights at present. */
  let readers = 0;

  /**
   * A method that reads the model's weights, and lets other calls in meanwhile.
   * @param {import('../rpc/serve.js').Method} method
   * @returns {import('../rpc/serve.js').Method}
   */
  const reading = (method) => async (params, context) => {
    readers += 1;
    try {
      return await method(params, context);
    } finally {
      readers -= 1;
    }
  };

  /**
   * For a call that is to change the weights: resolves when no other one reads them. What follows must not pause.
   * @param {AbortSignal} signal
   * @returns {Promise<typeof heads>} those that were trained on the weights that will be gone
   */
  async function untilAlone(signal) {
    readers -= 1; // of two that wait, one goes first
    try {
      while (readers > 0) {
        await nextTask();
        signal.throwIfAborted();
      }
      return heads;
    } finally {
      readers += 1;
    }
  }

  return {
    /** Loads the model; if it has a head, this is kept as number `head`. Gives what `ModelInfo` has beyond the caller's options. */
    async load({ head: number, ...params }, context) {
      engine = await loadEngine(params, context);
      const { family, hiddenSize, numLayers, maxPositions: maxTokens, vocabSize } = engine.config;
      const { build, threads } = engine.compiled;
      const { fingerprint, fromCache, configJson: config } = engine;
      const { head, maskedHead, notes: ofWeights = [] } = engine.extras;
      const notes = [...engine.notes, ...ofWeights, ...engine.cacheNotes];
      if (head) await keepHead(number, head.network);
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
    embed: reading(
      async ({ texts, pooling, layer, normalize, truncation, prompt, promptName, task, head }, context) => {
        const { sentencePipeline } = engine.extras;
        const pipeline = pooling === undefined && layer === undefined ? sentencePipeline : undefined;
        const maxTokens = pipeline?.maxTokens;
        /** @type {import('./prompts.js').Prompted} */
        const prompted =
          task !== undefined || (prompt ?? promptName ?? sentencePipeline?.defaultPrompt) !== undefined
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
          {
            phase: 'embed',
            layers: [layer ?? engine.config.numLayers],
            truncation,
            maxTokens,
            spec: head === undefined ? undefined : headOf(head),
          },
          (batch) => {
            const own = prompted.own?.(batch) ?? batch;
            sendRows(context, own, spec.pooling, engine.vectors(own, spec));
          },
          context,
        );
      },
    ),

    /** Sends a head's logits for texts, batch by batch, as `Part`. */
    logits: reading(({ texts, head: number }, context) => {
      const head = headOf(number);
      return forEachBatch(
        engine,
        texts,
        { phase: 'classify', layers: [head.layer], spec: head },
        (batch) => sendRows(context, batch, head.pooling, engine.logits(batch, head)),
        context,
      );
    }),

    /** Keeps the weights of a head that the page has read from a file. */
    keepHead: ({ head, network, fingerprint }) => keepHead(head, network, fingerprint),

    /** Reads a head with an adapter of its own from a folder, and keeps it. */
    async loadHeadBeside({ head: number, description }, { signal }) {
      const head = await (await fetchLazy()).readHeadBeside(engine, description, signal);
      await keepHead(number, head.network, head.fingerprint);
      return head;
    },

    /** Frees a head's weights; the page does not use them any more. */
    forgetHead({ head }) {
      engine.adapters?.free(heads.get(head)?.lora);
      heads.delete(head);
    },

    // What is fetched only when it is used.

    fillMask: reading(async ({ head, ...params }, context) =>
      (await fetchLazy()).fillMask(engine, { ...params, spec: head === undefined ? undefined : headOf(head) }, context),
    ),

    /** Sends the logits of windows of texts: `name` is what reads them, readQuestions or readTokens. */
    windows: reading(async ({ name, head: number, ...params }, context) => {
      const head = headOf(number);
      const read = (await fetchLazy())[/** @type {'readQuestions' | 'readTokens'} */ (name)];
      return read(engine, { head, ...params }, context);
    }),

    fit: reading(async ({ head, ...params }, context) => {
      const fitted = await (await fetchLazy()).fit(engine, params, context, untilAlone);
      if (fitted.network) await keepHead(head, fitted.network);
      return fitted;
    }),

    /** The files of the model's folder. */
    save: reading(async (params, context) => (await fetchLazy()).saveModel(engine, params, context)),

    /** The files of a head's adapter. */
    saveAdapter: async ({ data, baseModel }) => (await fetchLazy()).saveAdapter(engine, data, baseModel),

    /** Fetches it before it is used. */
    fetchLazy: async () => void (await fetchLazy()),

    learningCurve: reading(async (params, context) => (await fetchLazy()).learningCurve(engine, params, context)),
  };
}
