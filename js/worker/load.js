// Loads a model into an engine, from its files or from the cache.
import { fetchPart } from '../base/fetch-part.js';
import { parseConfig } from '../checkpoint/config.js';
import { parseJson } from '../checkpoint/json.js';
import { maskedHeadTensors, tiedTensor } from '../checkpoint/masked-tensors.js';
import { allHeadTensors, buildHead, headTensors, planHead } from '../checkpoint/task-head.js';
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
import { readVocabulary, withSearch } from '../tokenize/vocabulary.js';
import { fetchLazy } from './fetch-lazy.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/engine.js').Extras} Extras */
/** @typedef {import('../rpc/serve.js').Context} Context */

/**
 * @typedef {object} LoadParams
 * @property {import('../io/description.js').Description} description
 * @property {import('../io/description.js').Description} [adapter]
 * @property {{ model: string, adapter?: string }} names what the caller calls them
 * @property {import('../types.js').Dtype} dtype
 * @property {number} [threads]
 * @property {import('../types.js').Build} [build]
 * @property {import('../io/cache.js').CacheUse} [cache]
 */

/**
 * Loads a model, with an adapter merged if there is one. It comes from the cache if it is there; otherwise from its files, and is then put
 * into the cache.
 * @param {LoadParams} params
 * @param {Context} context
 * @returns {Promise<Engine>} rejects with NO_WASM, OUT_OF_MEMORY, the signal's reason, and any code of ErrorCode for the files of a model
 */
export async function loadEngine(params, context) {
  const { description, adapter, names, dtype, threads, build, cache: cacheUse = false } = params;
  const { signal, emit } = context;
  const compiling = compile({ threads, build });
  const [compiled, cache] = await Promise.all([
    compiling,
    openSources(description, adapter, { keep: true, refresh: cacheUse === 'refresh' }).then((source) =>
      Cache.open(source, { ...names, dtype }, compiling, cacheUse, signal),
    ),
  ]);
  const source = cache.origin;
  try {
    const configFile = source.locate('config.json');
    const configBytes = await readAll(await openFile(cache.source, 'config.json', signal), configFile);
    const baseConfig = parseConfig(configBytes, configFile);
    const configJson = parseJson(configBytes, configFile);
    // An adapter may have more word embeddings than its base model, and the engine's memory is laid out for all of them.
    const cached = cache.extras.length > 0 ? /** @type {Extras} */ (unpack(cache.extras)) : undefined;
    const adapterFirst =
      adapter && !cached ? await (await fetchLazy()).readAdapter(cache.source, baseConfig.family, signal) : undefined;
    const vocabRows = cached?.vocabSize ?? adapterFirst?.vocabSize ?? baseConfig.vocabSize;
    const config = { ...baseConfig, vocabSize: vocabRows };
    const vocabulary = cached?.vocabulary
      ? await withSearch(cached.vocabulary)
      : ((adapter && (await (await fetchLazy()).readAdapterVocabulary(cache.source, signal))) ??
        (await readVocabulary(cache.source, { signal })));
    const engine = await createEngine(config, vocabulary, compiled, dtype);
    const { vocabSize } = engine.tokenizer;
    const missing = config.vocabSize - vocabSize;
    // Not an error, since some models round the size of their vocabulary up, to a multiple of 8, 64 or 128. But the file may also be incomplete.
    const isWhole = missing <= 0 || (missing < 128 && config.vocabSize % 8 === 0);
    if (missing > 0) {
      const warning = `${vocabulary.location} has ${vocabSize} pieces, fewer than the model's ${config.vocabSize}. Check that the file is complete.`;
      emit({ warning: isWhole ? warning : `${warning} The model is not kept.` });
    }
    engine.fromCache = await cache.restore(engine.image, () => engine.restore());
    if (engine.fromCache) {
      engine.extras = /** @type {Extras} */ (cached);
      await source.discard?.();
    } else {
      const toMerge =
        adapter && (adapterFirst ?? (await (await fetchLazy()).readAdapter(cache.source, config.family, signal)));
      const lowercases = (vocabulary.flags & TOKENIZER_FLAGS.LOWERCASE) !== 0;
      const hasHead = configJson.bertlet?.pooling !== undefined;
      const pipeline = await readPipeline(
        cache.source,
        adapter !== undefined,
        config,
        { lowercases, hasHead },
        context,
      );
      engine.extras.sentencePipeline = pipeline;
      engine.extras.vocabSize = config.vocabSize;
      await readCheckpoint(engine, cache.source, toMerge, configJson, context);
      if (isWhole) await source.keep?.();
      else await source.discard?.();
      const stored = { ...engine.extras, vocabulary: { ...vocabulary, search: undefined } };
      if (isWhole && !source.notes?.length) await cache.keep(() => engine.seal(), pack(stored));
    }
    for (const warning of source.notes ?? []) emit({ warning });
    engine.cacheNotes = cache.notes;
    engine.configJson = configJson;
    return engine;
  } catch (error) {
    await source.discard?.();
    if (!cache.found || signal.aborted) throw error;
    // The entry's digest is right, and yet it is not what it should be.
    await cache.close();
    return await loadEngine({ ...params, cache: 'refresh' }, context);
  } finally {
    await cache.close();
  }
}

/**
 * Opens the model's folder and the adapter's as one source.
 * @param {import('../io/description.js').Description} description
 * @param {import('../io/description.js').Description | undefined} adapter
 * @param {{ keep: boolean, refresh: boolean }} options see `openSource`
 * @returns {Promise<Source>} the model's files, and the adapter's in the folder ADAPTER
 */
async function openSources(description, adapter, options) {
  const source = await openSource(description, options);
  return adapter ? joinSources(source, ADAPTER, await openSource(adapter, options)) : source;
}

/**
 * Reads the sentence pipeline of the adapter's folder if it has modules.json; else that of the model's.
 * @param {Source} source
 * @param {boolean} hasAdapter
 * @param {import('../checkpoint/config.js').Config} config
 * @param {{ lowercases: boolean, hasHead: boolean }} options `lowercases`: whether the tokenizer does; `hasHead`: whether the model's modules are
 *   those of a head
 * @param {Context} context
 * @returns {Promise<Extras['sentencePipeline']>} undefined if neither has one; rejects as `readSentencePipeline`
 */
async function readPipeline(source, hasAdapter, config, { lowercases, hasHead }, context) {
  const folders = hasAdapter ? [(await fetchLazy()).adapterFolder(source), source] : [source];
  for (const folder of folders) {
    const modules = await readOptional(folder, 'modules.json', context.signal);
    if ('error' in modules) continue;
    const { readSentencePipeline } = await fetchPart(() => import('../checkpoint/sentence-transformers.js'));
    return readSentencePipeline(
      folder,
      modules,
      config,
      { lowercases, hasHead: hasHead && folder === source },
      context,
    );
  }
  return undefined;
}

/**
 * Reads the weights into the engine, with the adapter merged, and the extras that belong to them.
 * @param {Engine} engine its weights and `extras` are set
 * @param {Source} source
 * @param {import('../checkpoint/adapter.js').Adapter | undefined} adapter
 * @param {any} configJson config.json
 * @param {Context} context
 */
async function readCheckpoint(engine, source, adapter, configJson, context) {
  const { signal, emit } = context;
  const { core, model, staging, config, extras } = engine;
  const { family } = config;
  if (adapter?.ignoreTokenTypes) extras.ignoreTokenTypes = true;
  const plan = planHead(configJson, family, adapter, source.locate('config.json'));
  const ofHeads = allHeadTensors(family);
  const headNames = new Set([...ofHeads, ...maskedHeadTensors(configJson, family)]);
  const ofPlan = headTensors(plan);
  const isNeeded = (/** @type {string} */ name) => !ofHeads.has(name) || ofPlan.has(name);
  const tied = tiedTensor(configJson, family);
  const target = { core, model, staging, family, adapter, extras, headNames, isNeeded, tied };
  const tensors = await readWeights(source, target, signal, progressReporter(context, 'download'));
  extras.headTensors = [...tensors].filter(([name]) => ofHeads.has(name));
  if (tensors.has(`${family.maskedHead.transform}.weight`)) {
    const { buildMaskedHead } = await fetchPart(() => import('../checkpoint/masked-head.js'));
    try {
      extras.maskedHead = buildMaskedHead(configJson, config, tensors);
    } catch (error) {
      emit({ warning: `${/** @type {Error} */ (error).message} So the model has no fillMask().` });
    }
  }
  try {
    if (plan) extras.head = buildHead(plan, tensors, config);
    if (configJson.bertlet && !plan?.adapter)
      extras.head = await (await fetchLazy()).restoreHead(engine, source, configJson, signal);
    if (extras.head?.labels.length === 1) {
      const { readRanking } = await fetchPart(() => import('../checkpoint/ranking.js'));
      extras.head.ranking = await readRanking(source, configJson, signal);
    }
  } catch (error) {
    // A checkpoint without the head that its configuration names is still good for everything else; an adapter is not.
    if (adapter || (error instanceof BertletError && error.code === 'NETWORK')) throw error;
    emit({ warning: `${/** @type {Error} */ (error).message} So the model has no \`head\`.` });
  }
}
