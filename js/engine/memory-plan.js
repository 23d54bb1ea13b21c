// Plans the memory of a loaded model before it is made, so that it grows for long texts and adapters only (docs/architecture.md, "Memory"). Then
// builds all objects of the core in it.
import { CONFIG_BYTES } from '../core/abi.js';
import { align, createCore } from '../core/instance.js';
import { BertletError } from '../errors.js';
import { measureTokenizer, PART_BYTES, TEXT_GROWTH, Tokenizer } from '../tokenize/tokenizer.js';
import { writeConfig } from './core-config.js';
import { ADAPTER_BYTES, BATCH_TOKENS, Engine } from './engine.js';
import { measureThreads, startThreads } from './threads.js';

/**
 * An engine without weights, see `Engine.staging` and `Engine.image`.
 * @param {import('../checkpoint/config.js').Config} config
 * @param {import('../tokenize/vocabulary.js').Vocabulary} vocabulary
 * @param {import('../core/compile.js').Compiled} compiled
 * @param {import('../types.js').Dtype} dtype
 * @returns {Promise<Engine>} rejects with OUT_OF_MEMORY if the model does not fit into the memory, BAD_VOCABULARY if the vocabulary is
 *   empty, lacks a special token or has more pieces than the model
 */
export async function createEngine(config, vocabulary, compiled, dtype) {
  const tokens = Math.max(config.maxPositions, BATCH_TOKENS);
  const texts = Math.ceil(tokens / 2); // each has at least [CLS] and [SEP]

  const probe = await createCore(compiled, vocabulary.bytes.length + CONFIG_BYTES);
  const sizes = planMemory(probe, config, vocabulary, { tokens, texts, dtype, threads: compiled.threads });
  const total = Object.values(sizes).reduce((sum, size) => sum + align(size), 0);
  const core = await createCore(compiled, total, TEXT_GROWTH + ADAPTER_BYTES);

  const pool = compiled.threads > 1 ? (await startThreads(core, compiled, endWorker)).pool : 0;
  const tokenizer = new Tokenizer(core, vocabulary, sizes.tokenizer);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new BertletError(
      'BAD_VOCABULARY',
      `${vocabulary.location} has ${tokenizer.vocabSize} pieces, but the model only ${config.vocabSize}. Both must be of the same model.`,
    );
  }
  const configAddress = core.reserve(sizes.config);
  writeConfig(core, configAddress, config, tokens, dtype);
  const addresses = {
    model: core.fn.model_init(core.reserve(sizes.model), configAddress, pool),
    ids: core.reserve(sizes.ids),
    tokenTypeIds: core.reserve(sizes.tokenTypeIds),
    starts: core.reserve(sizes.starts),
    hidden: core.reserve(sizes.hidden),
    pooled: core.reserve(sizes.pooled),
  };
  return new Engine(config, compiled, core, tokenizer, addresses);
}

/** Ends this worker by an error that nothing catches: without one of its threads the engine can't go on. @param {Error} error */
function endWorker(error) {
  queueMicrotask(() => {
    throw error;
  });
}

/**
 * The size of each block in bytes. Throws OUT_OF_MEMORY if the model is too large for any memory.
 * @param {import('../core/instance.js').Core} probe an instance to compute sizes with
 * @param {import('../checkpoint/config.js').Config} config
 * @param {import('../tokenize/vocabulary.js').Vocabulary} vocabulary
 * @param {{ tokens: number, texts: number, dtype: import('../types.js').Dtype, threads: number }} options `tokens`, `texts`:
 *   their maximum numbers in a batch
 */
function planMemory(probe, config, vocabulary, { tokens, texts, dtype, threads }) {
  const tokenizer = measureTokenizer(probe, vocabulary);
  const address = probe.scratch(CONFIG_BYTES);
  writeConfig(probe, address, config, tokens, dtype);
  const model = probe.fn.model_bytes(address, threads) >>> 0;
  if (model === 0) {
    throw new BertletError(
      'OUT_OF_MEMORY',
      'The model that config.json describes does not fit into the 4 GB of WebAssembly.',
    );
  }
  return {
    threads: measureThreads(probe, threads),
    vocabulary: vocabulary.bytes.length,
    tokenizer,
    config: CONFIG_BYTES,
    model,
    ids: 4 * tokens,
    tokenTypeIds: 4 * tokens,
    starts: 4 * (texts + 1),
    hidden: 4 * tokens * config.hiddenSize,
    pooled: 4 * texts * config.hiddenSize,
    text: PART_BYTES,
  };
}
