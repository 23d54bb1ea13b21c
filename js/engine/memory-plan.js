// Where everything of a loaded model lies in its instance's memory, planned before the memory is made, so that it never grows but for
// long texts (docs/architecture.md, "Memory").
import { CONFIG_BYTES } from '../core/abi.js';
import { align, createCore } from '../core/instance.js';
import { BertletError } from '../errors.js';
import { measureTokenizer, PART_BYTES, TEXT_GROWTH, Tokenizer } from '../tokenize/tokenizer.js';
import { writeConfig } from './core-config.js';
import { BATCH_TOKENS, Engine } from './engine.js';
import { STACK_BYTES, startThreads } from './threads.js';

/**
 * An engine with everything but the weights.
 * @param {import('../checkpoint/config.js').Config} config
 * @param {import('../tokenize/vocabulary.js').Vocabulary} vocabulary
 * @param {import('../core/compile.js').Compiled} compiled
 * @param {import('../types.js').Dtype} dtype
 * @returns {Promise<Engine>} rejects with OUT_OF_MEMORY where the model does not fit, BAD_VOCABULARY where the vocabulary is not its own
 */
export async function createEngine(config, vocabulary, compiled, dtype) {
  const tokens = Math.max(config.maxPositions, BATCH_TOKENS);
  const texts = Math.ceil(tokens / 2); // each has [CLS] and [SEP] at least

  const probe = await createCore(compiled, vocabulary.bytes.length + CONFIG_BYTES);
  const sizes = planMemory(probe, config, vocabulary, { tokens, texts, dtype, threads: compiled.threads });
  const total = Object.values(sizes).reduce((sum, size) => sum + align(size), 0);
  const core = await createCore(compiled, total, TEXT_GROWTH);

  const pool = compiled.threads > 1 ? await startThreads(core, compiled, sizes.threads) : 0;
  const tokenizer = new Tokenizer(core, vocabulary, sizes.tokenizer);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new BertletError(
      'BAD_VOCABULARY',
      `${vocabulary.where} has ${tokenizer.vocabSize} pieces, but the model only ${config.vocabSize}. They must belong together.`,
    );
  }
  const configAt = core.reserve(sizes.config);
  writeConfig(core, configAt, config, tokens, dtype);
  const addresses = {
    model: core.fn.model_init(core.reserve(sizes.model), configAt, pool),
    ids: core.reserve(sizes.ids),
    tokenTypeIds: core.reserve(sizes.tokenTypeIds),
    starts: core.reserve(sizes.starts),
    hidden: core.reserve(sizes.hidden),
    pooled: core.reserve(sizes.pooled),
  };
  return new Engine(config, compiled, core, tokenizer, addresses);
}

/**
 * Bytes of each block.
 * @param {import('../core/instance.js').Core} probe any instance
 * @param {import('../checkpoint/config.js').Config} config
 * @param {import('../tokenize/vocabulary.js').Vocabulary} vocabulary
 * @param {{ tokens: number, texts: number, dtype: import('../types.js').Dtype, threads: number }} options `tokens`, `texts`: the most
 *   of a batch
 */
function planMemory(probe, config, vocabulary, { tokens, texts, dtype, threads }) {
  const tokenizer = measureTokenizer(probe, vocabulary);
  const at = probe.scratch(CONFIG_BYTES);
  writeConfig(probe, at, config, tokens, dtype);
  const model = probe.fn.model_bytes(at, threads) >>> 0;
  if (model === 0) {
    throw new BertletError(
      'OUT_OF_MEMORY',
      'The model that config.json describes does not fit into the 4 GB of WebAssembly.',
    );
  }
  return {
    threads: threads > 1 ? probe.fn.threads_bytes(threads) >>> 0 : 0,
    stacks: (threads - 1) * STACK_BYTES,
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
