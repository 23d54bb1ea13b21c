// A loaded model in the worker: its instance of the core, batches of texts in, vectors out.
import { startWorker } from '#platform';
import { Cache } from '../io/cache.js';
import { buildHead, headTensors, planHead } from '../checkpoint/checkpoint-head.js';
import { CONFIG_BYTES, parseConfig, parseJson, writeConfig } from '../checkpoint/config.js';
import { BertletError } from '../errors.js';
import { FeatureCache } from '../train/frozen/features.js';
import { buildMaskedHead, maskedTensors } from '../checkpoint/masked-head.js';
import { applyDense } from '../core/dense.js';
import { pack, unpack } from '../io/pack.js';
import { pacer, reporter } from '../rpc/progress.js';
import { Connection } from '../rpc/connection.js';
import { readRecipe } from '../checkpoint/sentence-transformers.js';
import { ADAPTER, joinSources, openFile, openSource } from '../io/sources.js';
import { readAll } from '../io/streams.js';
import { measureTokenizer, PART_BYTES, TEXT_GROWTH, Tokenizer } from '../tokenize/tokenizer.js';
import { readVocabulary } from '../tokenize/vocabulary.js';
import { align, compile, createCore, instantiate } from '../core/wasm.js';
import { readWeights } from '../checkpoint/weights.js';

/** @typedef {import('../rpc/connection.js').Context} Context */
/** @typedef {import('../checkpoint/config.js').Config} Config */
/** @typedef {import('../core/wasm.js').Core} Core */
/** @typedef {import('../types.js').Dtype} Dtype */

/** Tokens in one call of the encoder, unless a single text may be longer: more gain nothing. */
const BATCH_TOKENS = 512;

/** Texts that are tokenized and sorted together. */
const WINDOW = 2048;

const STACK = 65536; // of a further thread, as cmake/wasm.cmake gives the first
const ERROR_NUMERIC = -5;

/** bertlet_pooling */
const POOLING = { mean: 0, cls: 1, max: 2 };

/**
 * @typedef {object} Batch texts that go through the encoder together
 * @property {number[]} indices which texts
 * @property {number[]} starts [texts + 1] where the tokens of each begin
 */

/** @typedef {import('../tokenize/tokenizer.js').Encoded & { index: number }} Indexed a text in ids, and which text */

/**
 * @typedef {object} Place of a model in memory
 * @property {number} model
 * @property {number} ids [maxBatchTokens]
 * @property {number} typeIds [maxBatchTokens]
 * @property {number} starts [maxBatchTokens / 2 + 1]
 * @property {number} hidden [maxBatchTokens][hiddenSize]
 * @property {number} pooled [maxBatchTokens / 2][hiddenSize]
 */

/**
 * @typedef {object} Extras
 * @property {import('../checkpoint/checkpoint-head.js').CheckpointHead} [head]
 * @property {boolean} [segments] false: all token type ids are 0, as the adapter was trained
 * @property {import('../checkpoint/masked-head.js').MaskedHead} [masked]
 * @property {import('../checkpoint/sentence-transformers.js').Recipe} [recipe] for `embed`
 */

/**
 * @typedef {object} LoadParams
 * @property {import('../io/sources.js').Description} description
 * @property {import('../io/sources.js').Description} [adapter]
 * @property {Dtype} dtype
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
    const engine = await Engine.create(config, vocabulary, compiled, dtype);
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
      await engine.readWeights(cache.source, adapter !== undefined, json, context);
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
 * @param {import('../io/sources.js').Description} description
 * @param {import('../io/sources.js').Description | undefined} adapter
 * @param {{ keep: boolean, refresh: boolean }} options
 * @returns {Promise<import('../io/sources.js').Source>} the model's files, and the adapter's in a folder of their own
 */
async function openPlaces(description, adapter, options) {
  const source = await openSource(description, options);
  return adapter ? joinSources(source, ADAPTER, await openSource(adapter, options)) : source;
}

export class Engine {
  /** What a checkpoint or an adapter brings beside the encoder. @type {Extras} */
  extras = {};
  #place;
  fromCache = false;
  /** @type {string[]} */
  cacheNotes = [];

  /** The checkpoint's config.json. @type {Record<string, unknown>} */
  configJson = {};

  /** Of texts that heads were trained on. */
  features = new FeatureCache();

  /**
   * @param {Config} config
   * @param {import('../core/wasm.js').Compiled} compiled
   * @param {Core} core
   * @param {Tokenizer} tokenizer
   * @param {Place} place
   */
  constructor(config, compiled, core, tokenizer, place) {
    this.config = config;
    this.compiled = compiled;
    this.core = core;
    this.tokenizer = tokenizer;
    this.#place = place;
  }

  /**
   * Everything but the weights.
   * @param {Config} config
   * @param {import('../tokenize/vocabulary.js').Vocabulary} vocabulary
   * @param {import('../core/wasm.js').Compiled} compiled
   * @param {Dtype} dtype
   */
  static async create(config, vocabulary, compiled, dtype) {
    const { threads } = compiled;
    const { hiddenSize, maxPositions } = config;
    const tokens = Math.max(maxPositions, BATCH_TOKENS);
    const texts = Math.ceil(tokens / 2); // each has [CLS] and [SEP] at least

    const probe = await createCore(compiled, vocabulary.bytes.length + CONFIG_BYTES);
    const tokenizerSize = measureTokenizer(probe, vocabulary);
    const at = probe.scratch(CONFIG_BYTES);
    writeConfig(new DataView(probe.memory.buffer, at, CONFIG_BYTES), config, tokens, dtype);
    const modelSize = probe.fn.model_bytes(at, threads) >>> 0;
    if (modelSize === 0) {
      throw new BertletError(
        'OUT_OF_MEMORY',
        'The model that config.json describes does not fit into the 4 GB of WebAssembly.',
      );
    }

    const sizes = {
      threads: threads > 1 ? probe.fn.threads_bytes(threads) >>> 0 : 0,
      stacks: (threads - 1) * STACK,
      vocabulary: vocabulary.bytes.length,
      tokenizer: tokenizerSize,
      config: CONFIG_BYTES,
      model: modelSize,
      ids: 4 * tokens,
      typeIds: 4 * tokens,
      starts: 4 * (texts + 1),
      hidden: 4 * tokens * hiddenSize,
      pooled: 4 * texts * hiddenSize,
      text: PART_BYTES,
    };
    const total = Object.values(sizes).reduce((sum, size) => sum + align(size), 0);
    const core = await createCore(compiled, total, TEXT_GROWTH);

    const pool = threads > 1 ? await startThreads(core, compiled, sizes.threads) : 0;
    const tokenizer = new Tokenizer(core, vocabulary, tokenizerSize);
    if (tokenizer.vocabSize > config.vocabSize) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${vocabulary.where} has ${tokenizer.vocabSize} pieces, but the model only ${config.vocabSize}. They must belong together.`,
      );
    }
    const configAt = core.reserve(sizes.config);
    writeConfig(new DataView(core.memory.buffer, configAt, CONFIG_BYTES), config, tokens, dtype);
    const place = {
      model: core.fn.model_init(core.reserve(sizes.model), configAt, pool),
      ids: core.reserve(sizes.ids),
      typeIds: core.reserve(sizes.typeIds),
      starts: core.reserve(sizes.starts),
      hidden: core.reserve(sizes.hidden),
      pooled: core.reserve(sizes.pooled),
    };
    return new Engine(config, compiled, core, tokenizer, place);
  }

  /**
   * @param {import('../io/sources.js').Source} source
   * @param {boolean} adapted whether there is an adapter
   * @param {any} json config.json
   * @param {Context} context
   */
  async readWeights(source, adapted, json, context) {
    const { signal, emit } = context;
    const { model, hidden } = this.#place;
    const { hiddenSize, modelType } = this.config;
    const adapter = adapted
      ? await (await import('../worker/lazy.js')).readAdapter(source, modelType, signal)
      : undefined;
    if (adapter && !adapter.segments) this.extras.segments = false;
    const plan = planHead(json, adapter, source.locate('config.json'));
    const headNames = new Set([...headTensors(plan), ...maskedTensors(json)]);
    const staging = { address: hidden, size: 4 * BATCH_TOKENS * hiddenSize }; // not in use yet
    const target = { core: this.core, model, staging, modelType, adapter, headNames };
    this.extras.recipe = await readRecipe(source, this.config, context);
    const tensors = await readWeights(source, target, signal, reporter(context, 'download'));
    this.extras.masked = buildMaskedHead(json, tensors);
    try {
      if (plan) this.extras.head = buildHead(plan, tensors, this.config);
    } catch (error) {
      // A checkpoint may have lost its head and still be good for everything else; an adapter is of no use without.
      if (adapter) throw error;
      emit({ warning: `${/** @type {Error} */ (error).message} Without it there is no bert.head.` });
    }
  }

  /** Where the weights are as the core keeps them; `restore` takes what was read to there for them. */
  get image() {
    const { core } = this;
    const { model } = this.#place;
    return core.bytes(core.fn.model_image(model) >>> 0, core.fn.model_image_bytes(model) >>> 0);
  }

  /** @returns {Uint8Array} the image, to be stored */
  seal() {
    const status = this.core.fn.model_seal(this.#place.model);
    if (status !== 0) throw new Error(`bertlet_model_seal: ${status}`);
    return this.image;
  }

  /** @returns {boolean} false: the image is damaged, or one of another model */
  restore() {
    return this.core.fn.model_restore(this.#place.model) === 0;
  }

  /** The core's model, for its functions. */
  get model() {
    return this.#place.model;
  }

  /** What runs, in sentences: why it is this build, and what int8 means with it. */
  get notes() {
    const { compiled, core } = this;
    const bits = core.fn.model_weight_bits(this.#place.model);
    return bits === 7
      ? [
          ...compiled.notes,
          'The weights have between 7 and 8 bits here, as many as this engine multiplies exactly at full speed.',
        ]
      : compiled.notes;
  }

  get fingerprint() {
    return BigInt.asUintN(64, this.core.fn.model_fingerprint(this.#place.model)).toString(16).padStart(16, '0');
  }

  /**
   * Runs the encoder over texts, the longest of some thousand first, and hands on each batch while its hidden states are there.
   * @param {import('../api/texts.js').Text[]} texts
   * @param {{ phase: import('../types.js').Progress['phase'], layer?: number, truncation?: 'cut' | 'error', maxTokens?: number,
   *   numbers?: number[] }} options `layer`: how many layers to run; default: all. `maxTokens` of a text, default: as many as the
   *   model has positions. `numbers`: the caller's numbers of the texts, for messages
   * @param {(batch: Batch) => void} use
   * @param {Context} context
   */
  async forEachBatch(
    texts,
    { phase, layer = this.config.layers, truncation = 'cut', maxTokens = this.config.maxPositions, numbers },
    use,
    context,
  ) {
    const { emit } = context;
    const report = reporter(context, phase);
    const pace = pacer(context);
    /** @type {number[]} */
    const cut = [];
    let done = 0;
    for (let first = 0; first < texts.length; first += WINDOW) {
      /** @type {Indexed[]} */
      const encoded = [];
      for (let index = first; index < Math.min(first + WINDOW, texts.length); index++) {
        const encoding = this.tokenizer.encode(texts[index], maxTokens);
        if (encoding.cut) cut.push(numbers?.[index] ?? index);
        if (encoding.cut && truncation === 'error') throw tooLong(index, maxTokens);
        encoded.push({ index, ...encoding });
        await pace();
      }
      await this.forEachEncoded(
        encoded,
        layer,
        (batch) => {
          done += batch.indices.length;
          use(batch);
          report(done, texts.length);
        },
        pace,
      );
    }
    if (cut.length > 0) {
      const which = cut.length === 1 ? `Text ${cut[0]} was` : `${cut.length} texts (the first is text ${cut[0]}) were`;
      emit({ warning: `${which} longer than the model's ${maxTokens} tokens and cut there.`, texts: cut });
    }
  }

  /**
   * The same of texts in ids.
   * @param {Indexed[]} encoded sorted in place
   * @param {number} layer how many layers to run
   * @param {(batch: Batch) => void} use
   * @param {() => Promise<void>} pace
   */
  async forEachEncoded(encoded, layer, use, pace) {
    encoded.sort((a, b) => b.ids.length - a.ids.length);
    for (let next = 0; next < encoded.length;) {
      const batch = this.forward(encoded, next, layer);
      next += batch.indices.length;
      use(batch);
      await pace();
    }
  }

  /**
   * One batch: as many texts from `next` on as fit.
   * @param {Indexed[]} encoded
   * @param {number} next
   * @param {number} [layer] how many layers to run
   * @returns {Batch}
   */
  forward(encoded, next, layer = this.config.layers) {
    const { core } = this;
    const { model, ids, typeIds, starts, hidden } = this.#place;
    const budget = Math.max(this.config.maxPositions, BATCH_TOKENS);
    /** @type {Batch} */
    const batch = { indices: [], starts: [0] };
    let pairs = false;
    for (let tokens = 0; next < encoded.length && tokens + encoded[next].ids.length <= budget; next++) {
      const one = encoded[next];
      core.ints(ids + 4 * tokens, one.ids.length).set(one.ids);
      core
        .ints(typeIds + 4 * tokens, one.ids.length)
        .fill(0, 0, one.second)
        .fill(1, one.second);
      pairs ||= one.second < one.ids.length;
      tokens += one.ids.length;
      batch.indices.push(one.index);
      batch.starts.push(tokens);
    }
    core.ints(starts, batch.starts.length).set(batch.starts);
    const types = pairs && this.extras.segments !== false ? typeIds : 0;
    const status = core.fn.forward(model, ids, types, starts, batch.indices.length, layer, hidden);
    if (status === ERROR_NUMERIC) {
      throw new BertletError(
        'BAD_WEIGHTS',
        'The model computed NaN or infinity: its weights are damaged. Download or export it again.',
      );
    }
    if (status !== 0) throw new Error(`bertlet_forward: ${status}`);
    return batch;
  }

  /**
   * @param {Batch} batch that was just computed
   * @param {boolean} normalize
   * @returns {Float32Array} [tokens][hiddenSize], valid until the next batch
   */
  hidden({ starts }, normalize) {
    const { hiddenSize } = this.config;
    const hidden = this.core.floats(this.#place.hidden, starts[starts.length - 1] * hiddenSize);
    if (normalize) normalizeRows(hidden, hiddenSize);
    return hidden;
  }

  /**
   * @param {Batch} batch that was just computed
   * @param {'mean' | 'cls' | 'max'} pooling
   * @param {boolean} normalize
   * @returns {Float32Array} [texts][hiddenSize], valid until the next batch
   */
  pool({ indices }, pooling, normalize) {
    const { hiddenSize } = this.config;
    const { hidden, starts, pooled } = this.#place;
    this.core.fn.pool(hidden, starts, indices.length, hiddenSize, POOLING[pooling], normalize ? 1 : 0, pooled);
    return this.core.floats(pooled, indices.length * hiddenSize);
  }

  /**
   * What a head reads: a row for each text, or, with pooling 'none', for each token.
   * @param {Batch} batch that was just computed
   * @param {{ pooling: import('../core/dense.js').Pooling, normalize: boolean }} reading
   * @returns {Float32Array} [rows][hiddenSize], valid until the next batch
   */
  rows(batch, { pooling, normalize }) {
    return pooling === 'none' ? this.hidden(batch, normalize) : this.pool(batch, pooling, normalize);
  }

  /**
   * What sentence-transformers make of texts.
   * @param {Batch} batch that was just computed
   * @param {import('../checkpoint/sentence-transformers.js').Recipe} recipe
   * @returns {Float32Array} [texts][outputs], valid until the next batch
   */
  followRecipe(batch, { pooling, dense, normalize }) {
    const pooled = this.pool(batch, pooling, normalize && dense.length === 0);
    if (dense.length === 0) return pooled;
    const rows = applyDense(this.core, batch.indices.length, pooled.byteOffset, dense);
    if (normalize) normalizeRows(rows, rows.length / batch.indices.length);
    return rows;
  }

  /**
   * @param {Batch} batch that was just computed, as deep as the network reads
   * @param {import('../core/dense.js').HeadNetwork} network
   * @returns {Float32Array} [rows][outputs] logits, a copy
   */
  logits(batch, network) {
    const features = this.rows(batch, network);
    return applyDense(this.core, features.length / this.config.hiddenSize, features.byteOffset, network.dense);
  }
}

/**
 * Divides each row by its length, in place.
 * @param {Float32Array} rows [rows][columns]
 * @param {number} columns
 */
function normalizeRows(rows, columns) {
  for (let at = 0; at < rows.length; at += columns) {
    const vector = rows.subarray(at, at + columns);
    const length = Math.max(Math.hypot(...vector), 1e-12);
    vector.forEach((value, i) => (vector[i] = value / length));
  }
}

/**
 * @param {number} index
 * @param {number} maxTokens
 */
const tooLong = (index, maxTokens) =>
  new BertletError(
    'TEXT_TOO_LONG',
    `Text ${index} is longer than the model's ${maxTokens} tokens. Shorten it, or allow truncation: 'cut'.`,
  );

/**
 * Starts the core's further threads, each in a worker with a stack of its own.
 * @param {Core} core
 * @param {import('../core/wasm.js').Compiled} compiled
 * @param {number} size of the pool
 * @returns {Promise<number>} address of the pool
 */
async function startThreads(core, { module, threads }, size) {
  const pool = core.fn.threads_init(core.reserve(size), threads);
  const starting = [];
  for (let index = 1; index < threads; index++) {
    const stack = core.reserve(STACK) + STACK; // it grows downwards
    const worker = new Connection(startWorker());
    starting.push(
      new Promise((resolve, reject) => {
        const params = { module, memory: core.memory, pool, index, stack };
        worker.call('thread', params, { onEvent: resolve }).catch(reject);
      }),
    );
  }
  // They must run before the core waits for them: waiting, this worker could not help them to start.
  await Promise.all(starting);
  return pool;
}

/**
 * Body of a further thread.
 * @param {{ module: WebAssembly.Module, memory: WebAssembly.Memory, pool: number, index: number, stack: number }} params
 * @param {Context} context
 */
export async function runThread({ module, memory, pool, index, stack }, { emit }) {
  const core = await instantiate({ module }, memory);
  core.stackPointer.value = stack;
  emit('running');
  core.fn.threads_serve(pool, index);
}
