// How a sentence-transformers folder makes a vector of a text: modules.json lists what follows the encoder. It becomes what `embed`
// does unless its options say otherwise. Only who loads a folder that has modules.json fetches this file.
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
 * @param {{ bytes: Uint8Array, where: string }} modules modules.json
 * @param {import('./config.js').Config} config
 * @param {import('../rpc/serve.js').Context} context is warned of what can't be done as the folder says
 * @returns {Promise<SentencePipeline | undefined>} undefined: it is not one that bertlet can follow
 */
export async function readSentencePipeline(source, modules, config, { signal, emit }) {
  try {
    const pipeline = await follow(source, parseJson(modules.bytes, modules.where), config, signal);
    const prompt = await defaultPrompt(source, signal);
    if (prompt) {
      const where = source.locate('config_sentence_transformers.json');
      emit({
        warning: `${where} puts the prompt "${prompt}" before every text, bertlet does not: write it there yourself.`,
      });
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

/**
 * @param {Source} source
 * @param {any} modules
 * @param {import('./config.js').Config} config
 * @param {AbortSignal} signal
 * @returns {Promise<SentencePipeline>}
 */
async function follow(source, modules, { hiddenSize, maxPositions }, signal) {
  if (!Array.isArray(modules)) throw new Unsupported('it is not a list of modules');
  const names = modules.map((module) => String(module?.type).split('.').at(-1));
  const order = names.filter((name) => name !== 'Dropout').join(' '); // it does nothing but in training
  if (!/^Transformer Pooling( Dense)*( Normalize)?$/.test(order))
    throw new Unsupported(`its modules are ${names.join(', ')}`);
  if (modules[0].path !== '') throw new Unsupported(`the encoder is in the folder ${modules[0].path}`);

  const at = (/** @type {string} */ name) => modules[names.indexOf(name)].path;
  const pooling = readPooling(await readJson(source, `${at('Pooling')}/config.json`, signal));
  /** @type {Dense[]} */
  const dense = [];
  let inputs = hiddenSize;
  for (const [i, { path }] of modules.entries()) {
    if (names[i] !== 'Dense') continue;
    dense.push(await readDense(source, path, inputs, signal));
    inputs = dense[dense.length - 1].bias.length;
  }
  const limits = [
    (await readJson(source, 'sentence_bert_config.json', signal)).max_seq_length,
    (await readJson(source, 'tokenizer_config.json', signal)).model_max_length,
  ];
  const limit = limits.find((value) => Number.isInteger(value) && value >= 2) ?? maxPositions;
  return { pooling, dense, normalize: names.includes('Normalize'), maxTokens: Math.min(limit, maxPositions) };
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
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<string | undefined>}
 */
async function defaultPrompt(source, signal) {
  const { default_prompt_name: name, prompts } = await readJson(source, 'config_sentence_transformers.json', signal);
  return name ? prompts?.[name] : undefined;
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
