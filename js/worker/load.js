// Loads a model: its files from where they are, or what the cache has kept of them, into an engine.
import { parseConfig } from '../checkpoint/config.js';
import { parseJson } from '../checkpoint/json.js';
import { buildMaskedHead, maskedTensors, tiedTensor } from '../checkpoint/masked-head.js';
import { readSentencePipeline } from '../checkpoint/sentence-transformers.js';
import { buildHead, headTensors, planHead, rankingOf } from '../checkpoint/task-head.js';
import { readWeights } from '../checkpoint/weights.js';
import { TOKENIZER_FLAGS } from '../core/abi.js';
import { compile } from '../core/compile.js';
import { createEngine } from '../engine/memory-plan.js';
import { BertletError } from '../errors.js';
import { Cache } from '../io/cache.js';
import { pack, unpack } from '../io/pack.js';
import { ADAPTER, joinSources, openFile, openSource, readOptional } from '../io/sources.js';
import { readAll } from '../io/streams.js';
import { progressReporter } from '../rpc/progress.js';
import { readVocabulary } from '../tokenize/vocabulary.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/engine.js').Extras} Extras */
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
    const ofBase = parseConfig(configBytes, configFile);
    const json = parseJson(configBytes, configFile);
    const kept = cache.extras.length > 0 ? /** @type {Extras} */ (unpack(cache.extras)) : undefined;
    const merged = adapter && !kept ? await fetchAdapter(cache.source, ofBase.family, signal) : undefined;
    const config = { ...ofBase, vocabSize: kept?.vocabSize ?? merged?.vocabSize ?? ofBase.vocabSize };
    const vocabulary = await readOwnVocabulary(cache.source, adapter !== undefined, signal);
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
      const later = adapter && (merged ?? (await fetchAdapter(cache.source, config.family, signal)));
      const lowercases = (vocabulary.flags & TOKENIZER_FLAGS.LOWERCASE) !== 0;
      engine.extras.pipeline = await readPipeline(cache.source, adapter !== undefined, config, lowercases, context);
      engine.extras.vocabSize = config.vocabSize;
      await readCheckpoint(engine, cache.source, later, json, context);
      await source.keep?.();
      await cache.keep(() => engine.seal(), pack(engine.extras));
    }
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
 * @param {Source} source
 * @param {any} json config.json
 * @param {AbortSignal} signal
 */
async function readRanking(source, json, signal) {
  const settings = await readOptional(source, 'config_sentence_transformers.json', signal);
  return rankingOf(json, 'bytes' in settings ? parseJson(settings.bytes, settings.where) : {});
}

/** @type {typeof import('../checkpoint/adapter-reader.js').readAdapter} */
const fetchAdapter = async (...args) => (await import('./lazy.js')).readAdapter(...args);

/**
 * The adapter's folder, by the names that its files have there.
 * @param {Source} source of `openPlaces`
 * @returns {Source}
 */
const adapterFolder = (source) => ({
  locate: (file) => source.locate(ADAPTER + file),
  open: (file, signal) => source.open(ADAPTER + file, signal),
});

/**
 * @param {Source} source
 * @param {boolean} adapted whether there is an adapter
 * @param {AbortSignal} signal
 * @returns {Promise<import('../tokenize/vocabulary.js').Vocabulary>} the adapter's, if its folder has a tokenizer, since it may have added
 *   tokens; else the model's
 */
async function readOwnVocabulary(source, adapted, signal) {
  const folder = adapterFolder(source);
  if (adapted && 'bytes' in (await readOptional(folder, 'tokenizer_config.json', signal))) {
    try {
      return await readVocabulary(folder, { signal });
    } catch (error) {
      if (!(error instanceof BertletError && error.code === 'FILE_NOT_FOUND')) throw error;
    }
  }
  return readVocabulary(source, { signal });
}

/**
 * @param {Source} source
 * @param {boolean} adapted whether there is an adapter
 * @param {import('../checkpoint/config.js').Config} config
 * @param {boolean} lowercases whether the tokenizer does
 * @param {Context} context
 * @returns {ReturnType<typeof readSentencePipeline>} of the adapter's folder, if it has modules.json; else of the model's
 */
async function readPipeline(source, adapted, config, lowercases, context) {
  const folder = adapterFolder(source);
  const own = adapted && 'bytes' in (await readOptional(folder, 'modules.json', context.signal));
  return readSentencePipeline(own ? folder : source, config, lowercases, context);
}

/**
 * Reads the weights into the engine, an adapter's merged, and what else the checkpoint or the adapter brings.
 * @param {Engine} engine
 * @param {Source} source
 * @param {import('../checkpoint/adapter.js').Adapter | undefined} adapter
 * @param {any} json config.json
 * @param {Context} context
 */
async function readCheckpoint(engine, source, adapter, json, context) {
  const { signal, emit } = context;
  const { core, model, staging, config, extras } = engine;
  const { family } = config;
  if (adapter && !adapter.segments) extras.segments = false;
  const plan = planHead(json, family, adapter, source.locate('config.json'));
  const headNames = new Set([...headTensors(plan), ...maskedTensors(json, family)]);
  const target = { core, model, staging, family, adapter, headNames, tied: tiedTensor(json, family) };
  const tensors = await readWeights(source, target, signal, progressReporter(context, 'download'));
  try {
    extras.masked = buildMaskedHead(json, config, tensors);
  } catch (error) {
    emit({ warning: `${/** @type {Error} */ (error).message} Without it there is no bert.fillMask().` });
  }
  try {
    if (plan) extras.head = buildHead(plan, tensors, config);
    if (extras.head?.labels.length === 1) extras.head.ranking = await readRanking(source, json, signal);
  } catch (error) {
    // A checkpoint may have lost its head and still be good for everything else; an adapter is of no use without.
    if (adapter) throw error;
    emit({ warning: `${/** @type {Error} */ (error).message} Without it there is no bert.head.` });
  }
}
