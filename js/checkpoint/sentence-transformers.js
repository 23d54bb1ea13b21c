// How a sentence-transformers folder makes a vector of a text: modules.json lists what follows the encoder. It becomes what `embed`
// does unless its options say otherwise.
import { parseJson } from './json.js';
import { BertletError } from '../errors.js';
import { parseSafetensors, toFloats } from './safetensors.js';
import { openFile, readOptional } from '../io/sources.js';
import { readAll } from '../io/streams.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../core/dense.js').Dense} Dense */

/**
 * @typedef {object} SentencePipeline
 * @property {'mean' | 'cls' | 'max'} pooling
 * @property {Dense[]} dense on top of the pooled vector
 * @property {boolean} normalize
 * @property {number} maxTokens longer texts are cut
 */

/** What a Pooling module's config.json says, in its present form and in the older one. @type {Map<string, SentencePipeline['pooling']>} */
const POOLINGS = new Map([
  ['mean', 'mean'],
  ['cls', 'cls'],
  ['max', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
]);

/** By the name of a class of PyTorch. @type {Map<string, Dense['activation']>} */
const ACTIVATIONS = new Map([
  ['Identity', 'none'],
  ['Tanh', 'tanh'],
  ['ReLU', 'relu'],
  ['GELU', 'gelu'],
]);

const MOST_BYTES = 2 ** 28;

/** Why a folder's pipeline can't be followed. */
class Unsupported extends Error {}

/**
 * @param {Source} source
 * @param {import('./config.js').Config} config
 * @param {boolean} lowercases whether the model's tokenizer does
 * @param {import('../rpc/serve.js').Context} context is warned of what can't be done as the folder says
 * @returns {Promise<SentencePipeline | undefined>} undefined: it is not such a folder, or not one that bertlet can follow
 */
export async function readSentencePipeline(source, config, lowercases, { signal, emit }) {
  const modules = await readOptional(source, 'modules.json', signal);
  if ('error' in modules) return undefined;
  const settings = await readJson(source, 'config_sentence_transformers.json', signal);
  if (settings.model_type === 'CrossEncoder') return undefined; // it has scores, not vectors
  try {
    const encoder = await readEncoderSettings(source, signal);
    const { includesPrompt, ...pipeline } = await follow(
      source,
      parseJson(modules.bytes, modules.where),
      encoder,
      config,
      signal,
    );
    const prompt = defaultPrompt(settings);
    if (prompt && !includesPrompt) throw new Unsupported(`it leaves the prompt "${prompt}" out of the pooling`);
    if (prompt) {
      const where = source.locate('config_sentence_transformers.json');
      emit({
        warning: `${where} puts the prompt "${prompt}" before every text, bertlet does not: write it there yourself.`,
      });
    }
    if (encoder.do_lower_case === true && !lowercases) {
      const where = source.locate('sentence_bert_config.json');
      emit({ warning: `${where} puts every text into lower case, bertlet does not: do it yourself.` });
    }
    return pipeline;
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    const what = `${modules.where}: ${error.message}, which bertlet can't do`;
    emit({
      warning: `${what}. embed() gives the mean of the token vectors instead, unless its options say otherwise.`,
    });
    return undefined;
  }
}

/** What says how the encoder is loaded; sentence-transformers takes the first that is there. */
const ENCODER_SETTINGS = ['sentence_bert_config.json', 'sentence_distilbert_config.json'];

/** Arguments for the encoder's classes that change no vector. */
const HARMLESS = new Set([
  'add_pooling_layer',
  'attn_implementation',
  'dtype',
  'low_cpu_mem_usage',
  'model_max_length', // which is read
  'padding',
  'revision',
  'torch_dtype',
  'trust_remote_code',
  'use_fast',
  'use_safetensors',
]);

/**
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<any>} {} where there are none; rejects with Unsupported for what changes what the encoder gives
 */
async function readEncoderSettings(source, signal) {
  let settings = {};
  for (const file of ENCODER_SETTINGS) {
    const found = await readOptional(source, file, signal);
    if ('error' in found) continue;
    settings = parseJson(found.bytes, found.where);
    break;
  }
  const {
    transformer_task: task,
    modality_config: modalities,
    module_output_name: output,
  } = /** @type {any} */ (settings);
  const taken = modalities?.text?.method_output_name;
  if ((task ?? 'feature-extraction') !== 'feature-extraction') throw new Unsupported(`its encoder is for ${task}`);
  if ((taken ?? 'last_hidden_state') !== 'last_hidden_state' || (output ?? 'token_embeddings') !== 'token_embeddings')
    throw new Unsupported(`its encoder gives ${taken} as ${output}`);
  const { processing_kwargs: processing, ...others } = /** @type {any} */ (settings);
  const groups = { ...others, ...processing };
  for (const name of Object.keys(groups).filter((key) => /_(kw)?args$|^(text|common)$/.test(key))) {
    const changed = Object.keys(groups[name] ?? {}).find((key) => !HARMLESS.has(key));
    if (changed) throw new Unsupported(`its encoder has ${name} with ${changed}`);
  }
  return settings;
}

/**
 * @param {Source} source
 * @param {any} modules
 * @param {any} encoder of `readEncoderSettings`
 * @param {import('./config.js').Config} config
 * @param {AbortSignal} signal
 * @returns {Promise<SentencePipeline & { includesPrompt: boolean }>} `includesPrompt`: whether the tokens of a prompt are pooled too
 */
async function follow(source, modules, encoder, { hiddenSize, maxPositions }, signal) {
  if (!Array.isArray(modules)) throw new Unsupported('it is not a list of modules');
  const names = modules.map((module) => String(module?.type).split('.').at(-1));
  const order = names.filter((name) => name !== 'Dropout').join(' '); // it does nothing but in training
  if (!/^Transformer Pooling( Dense)*( Normalize)?$/.test(order))
    throw new Unsupported(`its modules are ${names.join(', ')}`);
  if (modules[0].path !== '') throw new Unsupported(`the encoder is in the folder ${modules[0].path}`);

  const at = (/** @type {string} */ name) => modules[names.indexOf(name)].path;
  const poolingConfig = await readJson(source, `${at('Pooling')}/config.json`, signal);
  /** @type {Dense[]} */
  const dense = [];
  let inputs = hiddenSize;
  for (const [i, { path }] of modules.entries()) {
    if (names[i] !== 'Dense') continue;
    dense.push(await readDense(source, path, inputs, signal));
    inputs = dense[dense.length - 1].bias.length;
  }
  const { model_max_length: tokenizerLimit } = await readJson(source, 'tokenizer_config.json', signal);
  const { max_seq_length: limit, tokenizer_args: older, processor_kwargs: newer } = encoder;
  const limits = [older?.model_max_length, newer?.model_max_length, limit, tokenizerLimit];
  const maxTokens = limits.find((value) => Number.isInteger(value) && value >= 2) ?? maxPositions;
  return {
    pooling: readPooling(poolingConfig),
    dense,
    normalize: names.includes('Normalize'),
    maxTokens: Math.min(maxTokens, maxPositions),
    includesPrompt: poolingConfig.include_prompt !== false,
  };
}

/** @param {any} config 1_Pooling/config.json */
function readPooling(config) {
  const older = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const modes = config.pooling_mode === undefined ? older : [config.pooling_mode].flat();
  const pooling = modes.length === 1 ? POOLINGS.get(modes[0]) : undefined;
  if (!pooling) throw new Unsupported(`it pools by ${modes.join(' and ') || 'nothing'}`);
  return pooling;
}

/**
 * @param {Source} source
 * @param {string} path
 * @param {number} inputs
 * @param {AbortSignal} signal
 * @returns {Promise<Dense>}
 */
async function readDense(source, path, inputs, signal) {
  const config = await readJson(source, `${path}/config.json`, signal);
  const { module_input_name: from = 'sentence_embedding', module_output_name: to = from } = config;
  if (from !== 'sentence_embedding' || to !== from) throw new Unsupported(`${path} makes ${to} of ${from}`);
  if (config.use_residual) throw new Unsupported(`${path} adds its input to its output (use_residual)`);
  const activation = ACTIVATIONS.get(String(config.activation_function).split('.').at(-1) ?? '');
  if (!activation) throw new Unsupported(`${path} has the activation ${config.activation_function}`);
  const where = source.locate(`${path}/model.safetensors`);
  const bytes = await readAll(await openFile(source, `${path}/model.safetensors`, signal), where, MOST_BYTES);
  const { tensors, dataStart } = parseSafetensors(bytes, where);
  const [weight, bias] = ['linear.weight', 'linear.bias'].map((name) => {
    const found = tensors.find((tensor) => tensor.name === name);
    return found && toFloats(found, bytes.subarray(dataStart + found.begin, dataStart + found.end), where);
  });
  const outputs = weight?.shape[0] ?? 0;
  if (String(weight?.shape) !== String([outputs, inputs]) || (bias && String(bias.shape) !== String(outputs))) {
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${where}: linear.weight has shape [${weight?.shape ?? ''}] and linear.bias [${bias?.shape ?? ''}], but ${inputs} values go in.`,
    );
  }
  return {
    weight: /** @type {import('./safetensors.js').FloatTensor} */ (weight).values,
    bias: bias?.values ?? new Float32Array(outputs),
    activation,
  };
}

/**
 * @param {any} settings config_sentence_transformers.json
 * @returns {unknown} undefined: there is none
 */
function defaultPrompt({ default_prompt_name: name, prompts }) {
  return name && Object.hasOwn(prompts ?? {}, name) ? prompts[name] : undefined;
}

/**
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} signal
 * @returns {Promise<any>} {} when there is no such file
 */
async function readJson(source, file, signal) {
  const found = await readOptional(source, file, signal);
  return 'bytes' in found ? parseJson(found.bytes, found.where) : {};
}
