// Reads from a sentence-transformers folder how it makes a vector of a text: modules.json lists what follows the encoder. `embed` does
// the same by default. Only who loads a folder that has modules.json fetches this file.
import { parseJson } from './json.js';
import { BertletError } from '../errors.js';
import { parseSafetensors, toFloats } from './safetensors.js';
import { openFile, readOptional } from '../io/sources.js';
import { readAll } from '../io/streams.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../core/dense.js').Dense} Dense */

/**
 * What follows the encoder, in this order.
 * @typedef {object} SentencePipeline
 * @property {'mean' | 'cls' | 'max'} pooling
 * @property {Dense[]} dense layers on the pooled vector; may be none
 * @property {boolean} normalize whether the result is divided by its Euclidean length
 * @property {number} maxTokens to how many tokens texts are cut, [CLS] and [SEP] included
 * @property {Record<string, string>} prompts what may be put before texts, by name
 * @property {string} [defaultPrompt] what is put before texts unless the caller says otherwise
 * @property {string} [similarity] name of the function by which Python compares vectors; bertlet's user chooses one
 * @property {boolean} includesPrompt whether the tokens of a prompt are pooled too
 */

/**
 * By what a Pooling module's config.json says, in its present form and in the older one.
 * @type {Map<string, SentencePipeline['pooling']>}
 */
const POOLINGS = new Map([
  ['mean', 'mean'],
  ['cls', 'cls'],
  ['max', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
]);

/** By the name of PyTorch's class. @type {Map<string, Dense['activation']>} */
const ACTIVATIONS = new Map([
  ['Identity', 'none'],
  ['Tanh', 'tanh'],
  ['ReLU', 'relu'],
  ['GELU', 'gelu'],
]);

/** The modules of a folder: those of sentence vectors, and those of a head that bertlet saved. */
const ORDER = /^Transformer Pooling( Dense)*( Normalize)?$/;
const HEAD_ORDER = /^Transformer Pooling( Normalize)?( Dense)+$/;

/** Maximum size of a dense layer's file. */
const MAX_BYTES = 2 ** 28;

/** Thrown for a folder with modules that bertlet does not have. */
class Unsupported extends Error {}

/**
 * Reads the pipeline of a folder. If bertlet can't do all that it says, the caller gets a warning.
 * @param {Source} source
 * @param {{ bytes: Uint8Array, location: string }} modules modules.json
 * @param {import('./config.js').Config} config of the encoder
 * @param {{ lowercases: boolean, hasHead: boolean }} options `lowercases`: whether the model's tokenizer does; `hasHead`: whether the dense
 *   layers are those of a head that bertlet saved, which reads what is normalized, if it is, before them
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<SentencePipeline | undefined>} undefined if the folder is a cross-encoder's, or has modules or settings that bertlet
 *   does not have. Rejects with BAD_CONFIG, BAD_SAFETENSORS, TRUNCATED_FILE, SHAPE_MISMATCH, UNSUPPORTED_DTYPE or BAD_WEIGHTS for damaged
 *   files, and as `source.open`
 */
export async function readSentencePipeline(source, modules, config, { lowercases, hasHead }, { signal, emit }) {
  const settings = await readJson(source, 'config_sentence_transformers.json', signal);
  const location = source.locate('config_sentence_transformers.json');
  const prompts = readPrompts(settings, location);
  if (settings.model_type === 'CrossEncoder') {
    if (prompts.defaultPrompt) {
      const warning = `${location} puts the prompt "${prompts.defaultPrompt}" before every query, but rerank() does not. Put it there yourself.`;
      emit({ warning });
    }
    return undefined; // it has scores, not vectors
  }
  try {
    const encoder = await readEncoderSettings(source, signal);
    const list = parseJson(modules.bytes, modules.location);
    const pipeline = await readModules(source, list, hasHead ? HEAD_ORDER : ORDER, encoder, config, signal);
    if (encoder.do_lower_case === true && !lowercases) {
      const file = source.locate('sentence_bert_config.json');
      emit({ warning: `${file} puts every text into lower case, bertlet does not: do it yourself.` });
    }
    const { similarity_fn_name: similarity } = settings;
    return { ...pipeline, ...prompts, ...(typeof similarity === 'string' && { similarity }) };
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    const what = `${modules.location}: ${error.message}, which bertlet can't do`;
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
 * Reads how the encoder is loaded. Rejects with Unsupported for settings that change what it gives.
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<any>} {} if there are none
 */
async function readEncoderSettings(source, signal) {
  let settings = {};
  for (const file of ENCODER_SETTINGS) {
    const found = await readOptional(source, file, signal);
    if ('error' in found) continue;
    settings = parseJson(found.bytes, found.location);
    break;
  }
  const {
    transformer_task: task,
    modality_config: modalities,
    module_output_name: output,
  } = /** @type {any} */ (settings);
  const taken = modalities?.text?.method_output_name;
  if ((task ?? 'feature-extraction') !== 'feature-extraction')
    throw new Unsupported(`its encoder is for ${JSON.stringify(task)}`);
  if ((taken ?? 'last_hidden_state') !== 'last_hidden_state' || (output ?? 'token_embeddings') !== 'token_embeddings')
    throw new Unsupported(`its encoder gives ${JSON.stringify(taken)} as ${JSON.stringify(output)}`);
  const { processing_kwargs: processing, ...others } = /** @type {any} */ (settings);
  const groups = { ...others, ...processing };
  for (const name of Object.keys(groups).filter((key) => /_(kw)?args$|^(text|common)$/.test(key))) {
    const changed = Object.keys(groups[name] ?? {}).find((key) => !HARMLESS.has(key));
    if (changed) throw new Unsupported(`its encoder has ${name} with ${changed}`);
  }
  return settings;
}

/**
 * Makes the pipeline of the modules. Rejects with Unsupported if bertlet does not have one of them.
 * @param {Source} source
 * @param {any} modules modules.json
 * @param {RegExp} expected the names of the modules, separated by spaces
 * @param {any} encoder what `readEncoderSettings` gives
 * @param {import('./config.js').Config} config
 * @param {AbortSignal} signal
 * @returns {Promise<Omit<SentencePipeline, 'prompts' | 'defaultPrompt'>>}
 */
async function readModules(source, modules, expected, encoder, { hiddenSize, maxPositions }, signal) {
  if (!Array.isArray(modules)) throw new Unsupported('it is not a list of modules');
  const names = modules.map((module) => className(module?.type));
  const order = names.filter((name) => name !== 'Dropout').join(' '); // it acts in training only
  if (!expected.test(order)) throw new Unsupported(`its modules are ${names.join(', ')}`);
  if (modules[0].path !== '') throw new Unsupported(`the encoder is in the folder ${JSON.stringify(modules[0].path)}`);

  const poolingConfig = await readJson(source, fileOf(modules[names.indexOf('Pooling')], 'config.json'), signal);
  /** @type {Dense[]} */
  const dense = [];
  let inputs = hiddenSize;
  for (const [i, module] of modules.entries()) {
    if (names[i] !== 'Dense') continue;
    dense.push(await readDense(source, module, inputs, signal));
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

/** Throws Unsupported unless it is one of POOLINGS. @param {any} config config.json of the Pooling module */
function readPooling(config) {
  const olderModes = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const modes = config.pooling_mode === undefined ? olderModes : [config.pooling_mode].flat();
  const pooling = modes.length === 1 ? POOLINGS.get(modes[0]) : undefined;
  if (!pooling)
    throw new Unsupported(`it pools by ${modes.filter((mode) => typeof mode === 'string').join(' and ') || 'nothing'}`);
  return pooling;
}

/**
 * Reads a Dense module. Rejects with Unsupported for another activation than those of ACTIVATIONS.
 * @param {Source} source
 * @param {any} module of modules.json
 * @param {number} inputs length of the vectors that it gets
 * @param {AbortSignal} signal
 * @returns {Promise<Dense>} rejects with SHAPE_MISMATCH if it doesn't fit `inputs`
 */
async function readDense(source, module, inputs, signal) {
  const { path } = module;
  const config = await readJson(source, fileOf(module, 'config.json'), signal);
  const { module_input_name: from = 'sentence_embedding', module_output_name: to = from } = config;
  if (from !== 'sentence_embedding' || to !== from)
    throw new Unsupported(`${path} makes ${JSON.stringify(to)} of ${JSON.stringify(from)}`);
  if (config.use_residual) throw new Unsupported(`${path} adds its input to its output (use_residual)`);
  const activation = ACTIVATIONS.get(className(config.activation_function));
  if (!activation) throw new Unsupported(`${path} has the activation ${JSON.stringify(config.activation_function)}`);
  const file = fileOf(module, 'model.safetensors');
  const location = source.locate(file);
  const bytes = await readAll(await openFile(source, file, signal), location, MAX_BYTES);
  const { tensors, dataStart } = parseSafetensors(bytes, location);
  const [weight, bias] = ['linear.weight', 'linear.bias'].map((name) => {
    const found = tensors.find((tensor) => tensor.name === name);
    return found && toFloats(found, bytes.subarray(dataStart + found.begin, dataStart + found.end), location);
  });
  const outputs = weight?.shape[0] ?? 0;
  if (
    outputs === 0 ||
    String(weight?.shape) !== String([outputs, inputs]) ||
    (bias && String(bias.shape) !== String(outputs))
  ) {
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${location}: linear.weight has shape [${weight?.shape ?? ''}] and linear.bias [${bias?.shape ?? ''}], but the layer gets ${inputs} values.`,
    );
  }
  return {
    weight: /** @type {import('./safetensors.js').FloatTensor} */ (weight).values,
    bias: bias?.values ?? new Float32Array(outputs),
    activation,
  };
}

/**
 * Reads the prompts. 'query' and 'document' are always there in sentence-transformers, empty unless the file says otherwise. Throws
 * BAD_CONFIG for prompts that are no strings, and if the default one is not there.
 * @param {any} settings config_sentence_transformers.json
 * @param {string} location
 * @returns {Pick<SentencePipeline, 'prompts' | 'defaultPrompt'>}
 */
function readPrompts({ prompts: given, default_prompt_name: name }, location) {
  const entries = Object.entries({ query: null, document: null, ...given }).map(([key, text]) => [key, text ?? '']);
  const wrong = entries.find(([, text]) => typeof text !== 'string');
  if (wrong)
    throw new BertletError('BAD_CONFIG', `${location}: the prompt "${wrong[0]}" is not a text. Mend the file.`);
  const prompts = Object.fromEntries(entries);
  if ((name ?? undefined) === undefined) return { prompts };
  if (!Object.keys(prompts).includes(name)) {
    const names = Object.keys(prompts).join(', ');
    throw new BertletError(
      'BAD_CONFIG',
      `${location}: default_prompt_name is ${JSON.stringify(name)}, but prompts has ${names}. Mend the file.`,
    );
  }
  return { prompts, defaultPrompt: prompts[name] };
}

/** The name of a class in Python, without its package. @param {unknown} type @returns {string} '' if it is no name */
const className = (type) => (typeof type === 'string' ? type.slice(type.lastIndexOf('.') + 1) : '');

/**
 * The path of a module's file. (That it leads nowhere else the source checks.)
 * @param {any} module of modules.json
 * @param {string} file
 */
const fileOf = ({ path }, file) => (typeof path === 'string' ? `${path}/${file}` : JSON.stringify(path));

/**
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} signal
 * @returns {Promise<any>} its JSON, or {} if there is no such file
 */
async function readJson(source, file, signal) {
  const found = await readOptional(source, file, signal);
  return 'bytes' in found ? parseJson(found.bytes, found.location) : {};
}
