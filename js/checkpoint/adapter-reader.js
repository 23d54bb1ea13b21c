// Reads a LoRA adapter as PEFT saves it (https://huggingface.co/docs/peft): adapter_config.json and adapter_model.safetensors. The
// latter holds matrices A and B for each adapted layer, and possibly whole tensors: heads, biases, embeddings.
import { Adapter } from './adapter.js';
import { checkHeadSettings, CRF_FILE, readTransitions } from './head-settings.js';
import { parseJson } from './json.js';
import { BertletError } from '../errors.js';
import { parseSafetensors, toFloats } from './safetensors.js';
import { ADAPTER, openFile, readOptional } from '../io/sources.js';
import { readAll } from '../io/streams.js';
import { parsePattern, UnknownPattern } from './name-pattern.js';
import { canonicalName } from './tensor-names.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */
/** @typedef {import('./adapter.js').Delta} Delta */

/** Adapters are small beside their models: even one of rank 1024 in all layers of BERT-base has 0.7 GB. */
const MAX_BYTES = 2 ** 30;

/** Options of adapter_config.json with which an adapted layer is not W + scale . B . A; all are off by default. */
const UNSUPPORTED_OPTIONS = [
  'use_dora',
  'use_qalora',
  'use_bdlora',
  'fan_in_fan_out',
  'layer_replication',
  'alora_invocation_tokens',
  'arrow_config',
  'kasa_config',
  'monteclora_config',
  'target_parameters',
];

/** Values of `init_lora_weights` that leave W as it is. With others (PiSSA, OLoRA, CorDA, LoftQ), PEFT also changes W at the beginning. */
const INITIALIZATIONS = [true, false, 'gaussian', 'eva', 'orthogonal'];

/**
 * Reads an adapter as a whole into memory.
 * @param {import('../base/platform.js').Source} source with the adapter's files in its folder ADAPTER
 * @param {import('./families/family.js').Family} family of the base model
 * @param {AbortSignal} [signal]
 * @returns {Promise<Adapter>} rejects with BAD_ADAPTER if it can't be merged, BAD_LABELS, BAD_CONFIG, BAD_SAFETENSORS, TRUNCATED_FILE,
 *   UNSUPPORTED_DTYPE or BAD_WEIGHTS for its files, and as `openFile`
 */
export async function readAdapter(source, family, signal) {
  const read = async (/** @type {string} */ file) =>
    readAll(await openFile(source, ADAPTER + file, signal), source.locate(ADAPTER + file), MAX_BYTES);
  const configFile = source.locate(`${ADAPTER}adapter_config.json`);
  const config = parseJson(await read('adapter_config.json'), configFile);
  checkConfig(config, configFile);
  const location = source.locate(`${ADAPTER}adapter_model.safetensors`);
  const bytes = await read('adapter_model.safetensors');
  const labels = await readOptional(source, `${ADAPTER}labels.json`, signal);
  const names = 'bytes' in labels ? parseLabels(labels.bytes, labels.location) : undefined;
  const head = await readOptional(source, `${ADAPTER}head.json`, signal);
  const settings =
    'bytes' in head ? checkHeadSettings(parseJson(head.bytes, head.location), head.location, 'BAD_ADAPTER') : {};
  const crf = settings.crf ? await read(CRF_FILE) : undefined;
  const tensors = splitAdapterTensors(bytes, location, config, family);
  return new Adapter({
    location,
    taskType: config.task_type ?? (tensors.saved.has('qa_outputs.weight') ? 'QUESTION_ANS' : undefined),
    // PEFT's PeftModelForQuestionAnswering does not pass token_type_ids on to the model.
    ignoreTokenTypes: config.task_type === 'QUESTION_ANS',
    labels: names,
    settings,
    learned: {
      ...(settings.report && { report: settings.report }),
      ...(crf && { transitions: readTransitions(crf, source.locate(ADAPTER + CRF_FILE), names?.length ?? 0) }),
    },
    ...tensors,
  });
}

/**
 * Throws BAD_ADAPTER if the adapter can't be merged.
 * @param {any} config adapter_config.json
 * @param {string} location URL or path of the file, for messages
 */
function checkConfig(config, location) {
  /** @param {string} what */
  const refuse = (what) => {
    throw new BertletError(
      'BAD_ADAPTER',
      `${location} has ${what}, which bertlet can't merge. Merge it in Python (merge_and_unload) and load the result.`,
    );
  };
  if (config.peft_type !== 'LORA') refuse(`peft_type ${JSON.stringify(config.peft_type)}`);
  const { init_lora_weights: init = true } = config;
  if (!INITIALIZATIONS.includes(init)) refuse(`init_lora_weights: ${JSON.stringify(init)}`);
  for (const key of UNSUPPORTED_OPTIONS)
    if (config[key] && config[key].length !== 0) refuse(`${key}: ${JSON.stringify(config[key])}`);
}

/**
 * Parses labels.json, the names of an adapter's labels. Throws BAD_LABELS, or BAD_CONFIG for damaged JSON.
 * @param {Uint8Array} bytes
 * @param {string} location URL or path of the file, for messages
 * @returns {string[]} by index
 */
export function parseLabels(bytes, location) {
  const labels = parseJson(bytes, location);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string'))
    throw new BertletError('BAD_LABELS', `${location} must be an array of strings, the labels by index.`);
  return labels;
}

/**
 * Sorts the adapter's tensors into pairs of A and B, replaced rows, and whole tensors.
 * @param {Uint8Array} bytes of adapter_model.safetensors
 * @param {string} location URL or path of the file, for messages
 * @param {any} config adapter_config.json
 * @param {import('./families/family.js').Family} family
 * @returns {Pick<Adapter, 'deltas' | 'saved' | 'rows'>}
 */
function splitAdapterTensors(bytes, location, config, family) {
  const { tensors, dataStart } = parseSafetensors(bytes, location);
  /** By the name of the module. @type {Map<string, { a?: FloatTensor, b?: FloatTensor }>} */
  const pairs = new Map();
  /** @type {Adapter['saved']} */
  const saved = new Map();
  /** @type {Adapter['rows']} */
  const rows = new Map();
  for (const tensor of tensors) {
    const floats = toFloats(tensor, bytes.subarray(dataStart + tensor.begin, dataStart + tensor.end), location);
    const tokens = /^(.*)\.token_adapter\.trainable_tokens_delta(\.default)?$/.exec(tensor.name);
    if (tokens) {
      const table = `${canonicalName(tokens[1], family)}.weight`;
      rows.set(table, toRows(floats, tokens[1], config.trainable_token_indices, location));
      continue;
    }
    const lora = /^(.*)\.lora_(embedding_)?([AB])(\.default)?(\.weight)?$/.exec(tensor.name);
    if (lora) {
      const [, module, embedding, which] = lora;
      const pair = pairs.get(module) ?? {};
      pairs.set(module, pair);
      // Of an embedding PEFT adapts W^T: W^T + scale . B . A is W + scale . A^T . B^T.
      if (embedding) pair[which === 'A' ? 'b' : 'a'] = transpose(floats, tensor.name, location);
      else pair[which === 'A' ? 'a' : 'b'] = floats;
    } else if (tensor.name.includes('lora_')) {
      throw new BertletError(
        'BAD_ADAPTER',
        `${location} holds the tensor ${tensor.name}, which bertlet can't merge. Merge it in Python (merge_and_unload) and load the result.`,
      );
    } else {
      if (tensor.name.includes('.original_module.')) continue; // what a saved module replaces
      const plain = tensor.name.replace(/\.(token_adapter|base_layer|modules_to_save(\.default)?)\b/g, '');
      saved.set(canonicalName(plain, family), floats);
    }
  }
  /** @type {Adapter['deltas']} */
  const deltas = new Map();
  for (const [module, pair] of pairs)
    deltas.set(`${canonicalName(module, family)}.weight`, toDelta(module, pair, config, location));
  for (const name of rows.keys()) {
    if (!deltas.has(name)) continue;
    throw new BertletError(
      'BAD_ADAPTER',
      `${location} adapts ${name} as a whole and some of its rows, which bertlet can't merge. Merge it in Python (merge_and_unload) and load the result.`,
    );
  }
  return { deltas, saved, rows };
}

/**
 * The rows of a table of embeddings that an adapter replaces (PEFT's trainable_token_indices). Throws BAD_ADAPTER if they don't fit `indices`.
 * @param {FloatTensor} tensor [rows][columns]
 * @param {string} module name in the adapter
 * @param {any} indices of adapter_config.json: a list, or one for each module by the end of its name
 * @param {string} location URL or path of the file, for messages
 * @returns {Map<number, Float32Array>} views, by the index of the row
 */
function toRows({ shape, values }, module, indices, location) {
  const entries = Array.isArray(indices) ? [['', indices]] : Object.entries(indices ?? {});
  const [, list] = entries.find(([name]) => `.${module}`.endsWith(name && `.${name}`)) ?? [];
  const isRow = (/** @type {unknown} */ index) => Number.isInteger(index) && /** @type {number} */ (index) >= 0;
  if (!Array.isArray(list) || !list.every(isRow) || shape.length !== 2 || shape[0] !== list.length)
    throw badShape(module, shape, location);
  return new Map(list.map((row, i) => [row, values.subarray(i * shape[1], (i + 1) * shape[1])]));
}

/**
 * Throws BAD_ADAPTER if it is not a matrix.
 * @param {FloatTensor} tensor [rows][columns]
 * @param {string} name
 * @param {string} location URL or path of the file, for messages
 * @returns {FloatTensor} [columns][rows] a copy
 */
function transpose({ shape, values }, name, location) {
  if (shape.length !== 2) throw badShape(name, shape, location);
  const [rows, columns] = shape;
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
  return { shape: [columns, rows], values: transposed };
}

/**
 * @param {string} name of a tensor or module
 * @param {number[]} shape
 * @param {string} location URL or path of the file, for messages
 */
const badShape = (name, shape, location) =>
  new BertletError(
    'BAD_ADAPTER',
    `${location}: the tensors of ${name} have shape [${shape}], which does not fit adapter_config.json. Save the adapter again.`,
  );

/**
 * A module's pair, with the scale that the configuration gives it. Throws BAD_ADAPTER if one of the two is missing or doesn't fit.
 * @param {string} module name in the adapter
 * @param {{ a?: FloatTensor, b?: FloatTensor }} pair
 * @param {any} config adapter_config.json
 * @param {string} location URL or path of the file, for messages
 * @returns {Delta}
 */
function toDelta(module, { a, b }, config, location) {
  if (!a || !b) {
    const missing = a ? 'lora_B' : 'lora_A';
    throw new BertletError('BAD_ADAPTER', `${location} holds no ${missing} for ${module}. Save the adapter again.`);
  }
  const name = module.replace(/^base_model\.model\./, '');
  const rank = byPattern(config.rank_pattern, name, location) ?? config.r;
  const alpha = byPattern(config.alpha_pattern, name, location) ?? config.lora_alpha;
  const [rows, rankOfB] = b.shape;
  const [rankOfA, columns] = a.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || !(rank > 0) || rankOfA !== rank || rankOfB !== rank)
    throw badShape(module, [...b.shape, ...a.shape], location);
  if (!Number.isFinite(alpha))
    throw new BertletError(
      'BAD_ADAPTER',
      `${location}: adapter_config.json has lora_alpha ${JSON.stringify(alpha)}; it must be a number.`,
    );
  const scale = alpha / (config.use_rslora ? Math.sqrt(rank) : rank);
  return { name, a: a.values, b: b.values, rank, rows, columns, scale };
}

/**
 * The entry of `rank_pattern` or `alpha_pattern` for a module. Its keys are regular expressions for the end of a module's name.
 * @param {Record<string, number> | null | undefined} patterns
 * @param {string} name of the module
 * @param {string} location URL or path of the file, for messages
 * @returns {number | undefined}
 */
function byPattern(patterns, name, location) {
  const matches = (/** @type {string} */ pattern) => {
    try {
      return parsePattern(`(.*\\.)?(${pattern})`)(name);
    } catch (error) {
      if (!(error instanceof UnknownPattern)) throw error;
      throw new BertletError(
        'BAD_ADAPTER',
        `${location}: adapter_config.json has the pattern ${JSON.stringify(pattern)}, which bertlet doesn't understand. ` +
          'Merge it in Python (merge_and_unload) and load the result.',
        { cause: error },
      );
    }
  };
  const found = Object.entries(patterns ?? {}).find(([pattern]) => matches(pattern));
  return found?.[1];
}
