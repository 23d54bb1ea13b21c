// Loads a model: its files from where they are, or what the cache has kept of them, into an engine.
import { parseConfig } from '../checkpoint/config.js';
import { parseJson } from '../checkpoint/json.js';
import { buildMaskedHead, maskedTensors } from '../checkpoint/masked-head.js';
import { buildHead, headTensors, planHead } from '../checkpoint/task-head.js';
import { readWeights } from '../checkpoint/weights.js';
import { compile } from '../core/compile.js';
import { createEngine } from '../engine/memory-plan.js';
import { Cache } from '../io/cache.js';
import { pack, unpack } from '../io/pack.js';
import { ADAPTER, joinSources, openFile, openSource, readOptional } from '../io/sources.js';
import { readAll } from '../io/streams.js';
import { progressReporter } from '../rpc/progress.js';
import { readVocabulary } from '../tokenize/vocabulary.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../rpc/serve.js').Context} Context */

/**
 * @typedef {object} LoadParams
 * @property {import('../io/describe.js').Description} description
 * @property {import('../io/describe.js').Description} [adapter]
 * @property {import('../types.js').Dtype} dtype
 * @property {number} [threads]
 * @property {import('../types.js').Build} [build]
 * @property {import('../io/cache.js').CacheUse} [cache]
 */

/**
 * @param {LoadParams} params
 * @param {Context} context
 * @returns {Promise<Engine>}
 */
export async function loadEngine({ description, adapter, dtype, threads, build, cache: use = false }, context) {
  const { signal, emit } = context;
  const compiling = compile({ threads, build });
  const [compiled, cache] = await Promise.all([
    compiling,
    openPlaces(description, adapter, { keep: true, refresh: use === 'refresh' }).then((source) =>
      Cache.open(source, { dtype, compiling }, use, signal),
    ),
  ]);
  const source = cache.origin;
  try {
    const configFile = source.locate('config.json');
    const configBytes = await readAll(await openFile(cache.source, 'config.json', signal), configFile);
    const config = parseConfig(configBytes, configFile);
    const json = parseJson(configBytes, configFile);
    const vocabulary = await readVocabulary(cache.source, { signal });
    const engine = await createEngine(config, vocabulary, compiled, dtype);
    const { vocabSize } = engine.tokenizer;
    if (vocabSize < config.vocabSize) {
      // Legal: some models round their vocabulary up. But it is also how a file looks that was cut off.
      const warning = `${vocabulary.where} has ${vocabSize} pieces, fewer than the model's ${config.vocabSize}. Check that the file is whole.`;
      emit({ warning });
    }
    engine.fromCache = await cache.restore(engine.image, () => engine.restore());
    if (engine.fromCache) {
      engine.extras = unpack(cache.extras);
    } else {
      await readCheckpoint(engine, cache.source, adapter !== undefined, json, context);
      await source.keep?.();
      if (!source.notes?.length) await cache.keep(() => engine.seal(), pack(engine.extras));
    }
    for (const warning of source.notes ?? []) emit({ warning });
    engine.cacheNotes = cache.notes;
    engine.configJson = json;
    return engine;
  } catch (error) {
    await source.discard?.();
    throw error;
  } finally {
    await cache.close();
  }
}

/**
 * @param {import('../io/describe.js').Description} description
 * @param {import('../io/describe.js').Description | undefined} adapter
 * @param {{ keep: boolean, refresh: boolean }} options
 * @returns {Promise<Source>} the model's files, and the adapter's in a folder of their own
 */
async function openPlaces(description, adapter, options) {
  const source = await openSource(description, options);
  return adapter ? joinSources(source, ADAPTER, await openSource(adapter, options)) : source;
}

/**
 * Reads the weights into the engine, an adapter's merged, and what else the checkpoint or the adapter brings.
 * @param {Engine} engine
 * @param {Source} source
 * @param {boolean} adapted whether there is an adapter
 * @param {any} json config.json
 * @param {Context} context
 */
async function readCheckpoint(engine, source, adapted, json, context) {
  const { signal, emit } = context;
  const { core, model, staging, config, extras } = engine;
  const { family } = config;
  const adapter = adapted ? await (await import('./lazy.js')).readAdapter(source, family, signal) : undefined;
  if (adapter && !adapter.segments) extras.segments = false;
  const plan = planHead(json, family, adapter, source.locate('config.json'));
  const headNames = new Set([...headTensors(plan), ...maskedTensors(json, family)]);
  const target = { core, model, staging, family, adapter, headNames };
  const modules = await readOptional(source, 'modules.json', signal);
  if ('bytes' in modules) {
    const { readSentencePipeline } = await import('../checkpoint/sentence-transformers.js');
    extras.pipeline = await readSentencePipeline(source, modules, config, context);
  }
  const tensors = await readWeights(source, target, signal, progressReporter(context, 'download'));
  extras.masked = buildMaskedHead(json, config, tensors);
  try {
    if (plan) extras.head = buildHead(plan, tensors, config);
  } catch (error) {
    // A checkpoint may have lost its head and still be good for everything else; an adapter is of no use without.
    if (adapter) throw error;
    emit({ warning: `${/** @type {Error} */ (error).message} Without it there is no bert.head.` });
  }
}
