// The worker's entry: owns the engine, answers calls. The same file is the body of a further thread of a multi-threaded engine.
import { forEachBatch } from '../engine/batches.js';
import { ownPort } from '#platform';
import { runThread } from '../engine/threads.js';
import { loadEngine } from './load.js';
import { createPause } from '../rpc/progress.js';
import { serve } from '../rpc/serve.js';

/** @type {import('../engine/engine.js').Engine} */
let engine;

serve(ownPort(), {
  async load(params, context) {
    engine = await loadEngine(params, context);
    const { family, hiddenSize, numLayers, maxPositions, vocabSize } = engine.config;
    const { build, threads } = engine.compiled;
    const { fingerprint, fromCache, configJson: config } = engine;
    const notes = [...engine.notes, ...engine.cacheNotes];
    const size = { hiddenSize, numLayers, maxTokens: maxPositions, vocabSize };
    const { head, masked } = engine.extras;
    return {
      modelType: family.modelType,
      ...size,
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

  /** Emits, batch by batch, which texts and their vectors. */
  embed({ texts, pooling, layer, normalize, truncation }, context) {
    const { pipeline } = engine.extras;
    const followed = pipeline && pooling === undefined && layer === undefined;
    return forEachBatch(
      engine,
      texts,
      { phase: 'embed', layer, truncation, ...(followed && { maxTokens: pipeline.maxTokens }) },
      (batch) => {
        const vectors = followed
          ? engine.sentenceVectors(batch, { ...pipeline, normalize: normalize ?? pipeline.normalize })
          : engine.rows(batch, { pooling: pooling ?? 'mean', normalize: normalize ?? false });
        const copy = vectors.slice();
        context.emit({ batch, vectors: copy }, [copy.buffer]);
      },
      context,
    );
  },

  /** Emits, batch by batch, which texts and their logits. */
  logits: ({ texts, network }, context) =>
    forEachBatch(
      engine,
      texts,
      { phase: 'classify', layer: network.layer },
      (batch) => {
        const logits = engine.logits(batch, network);
        context.emit({ batch, logits }, [logits.buffer]);
      },
      context,
    ),

  // What only some pages need is fetched when it is needed.

  fillMask: async (params, context) => (await import('./lazy.js')).fillMask(engine, params, context),

  questions: async (params, context) => (await import('./lazy.js')).readQuestions(engine, params, context),

  fit: async (params, context) => (await import('./lazy.js')).fit(engine, params, context),

  learningCurve: async (params, context) => (await import('./lazy.js')).learningCurve(engine, params, context),

  thread: runThread,
});
