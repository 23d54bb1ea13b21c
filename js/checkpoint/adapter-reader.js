// Reads a LoRA adapter as PEFT saves it (https://huggingface.co/docs/peft): adapter_config.json and adapter_model.safetensors.
// Beside the pairs A and B of the adapted layers the file may hold whole tensors: heads, biases, embeddings.
import { Adapter } from './adapter.js';
import { parseJson } from './json.js';
import { BertletError } from '../errors.js';
import { parseSafetensors, toFloats } from './safetensors.js';
import { ADAPTER, openFile, readOptional } from '../io/sources.js';
import { readAll } from '../io/streams.js';
import { parsePattern, UnknownPattern } from './name-pattern.js';
import { canonicalName } from './tensor-names.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */

/** @typedef {import('./adapter.js').Delta} Delta */

/** An adapter is small beside its model; this one would be of rank 1024. */
const MOST_BYTES = 2 ** 30;

/** Options that make of A and B something else than W + scale . B . A; none is on by default. */
const REFUSED = [
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

/** Ways in which A and B began that leave W as it is. Others (PiSSA, OLoRA, CorDA, LoftQ) take from W what A and B begin with. */
const INITIALIZATIONS = [true, false, 'gaussian', 'eva', 'orthogonal'];

/**
 * @param {import('../base/platform.js').Source} source that has the adapter's files in its folder
 * @param {import('./families/family.js').Family} family of the base model
 * @param {AbortSignal} [signal]
 * @returns {Promise<Adapter>}
 */
export async function readAdapter(source, family, signal) {
  const read = async (/** @type {string} */ file) =>
    readAll(await openFile(source, ADAPTER + file, signal), source.locate(ADAPTER + file), MOST_BYTES);
  const configFile = source.locate(`${ADAPTER}adapter_config.json`);
  const config = parseJson(await read('adapter_config.json'), configFile);
  checkConfig(config, configFile);
  const where = source.locate(`${ADAPTER}adapter_model.safetensors`);
  const bytes = await read('adapter_model.safetensors');
  const labels = await readOptional(source, `${ADAPTER}labels.json`, signal);
  const head = await readOptional(source, `${ADAPTER}head.json`, signal);
  return new Adapter({
    where,
    taskType: config.task_type ?? undefined,
    // PeftModelForQuestionAnswering takes token_type_ids and does not hand them on.
    segments: config.task_type !== 'QUESTION_ANS',
    labels: 'bytes' in labels ? parseLabels(labels.bytes, labels.where) : undefined,
    pooling: 'bytes' in head ? parsePooling(head.bytes, head.where) : undefined,
    ...splitAdapterTensors(bytes, where, config, family),
  });
}

/**
 * @param {any} config
 * @param {string} where
 */
function checkConfig(config, where) {
  /** @param {string} what */
  const refuse = (what) => {
    throw new BertletError(
      'BAD_ADAPTER',
      `${where} has ${what}, which bertlet can't merge. Merge it in Python (merge_and_unload) and load the result.`,
    );
  };
  if (config.peft_type !== 'LORA') refuse(`peft_type ${JSON.stringify(config.peft_type)}`);
  const { init_lora_weights: init = true } = config;
  if (!INITIALIZATIONS.includes(init)) refuse(`init_lora_weights: ${JSON.stringify(init)}`);
  for (const key of REFUSED)
    if (config[key] && config[key].length !== 0) refuse(`${key}: ${JSON.stringify(config[key])}`);
}

/**
 * @param {Uint8Array} bytes
 * @param {string} where
 * @returns {string[]}
 */
export function parseLabels(bytes, where) {
  const labels = parseJson(bytes, where);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string'))
    throw new BertletError('BAD_LABELS', `${where} must be an array of strings, the labels by index.`);
  return labels;
}

/**
 * What head.json (docs/formats.md) says that the classifier reads.
 * @param {Uint8Array} bytes
 * @param {string} where
 * @returns {'mean'}
 */
function parsePooling(bytes, where) {
  const { pooling } = parseJson(bytes, where);
  if (pooling === 'mean') return pooling;
  throw new BertletError(
    'BAD_ADAPTER',
    `${where} has the pooling ${JSON.stringify(pooling)}; there is "mean". Without the file the classifier reads what its class in Python reads.`,
  );
}

/**
 * @param {Uint8Array} bytes of adapter_model.safetensors
 * @param {string} where
 * @param {any} config adapter_config.json
 * @param {import('./families/family.js').Family} family
 * @returns {Pick<Adapter, 'deltas' | 'saved' | 'rows'>}
 */
function splitAdapterTensors(bytes, where, config, family) {
  const { tensors, dataStart } = parseSafetensors(bytes, where);
  /** @type {Map<string, { a?: FloatTensor, b?: FloatTensor }>} by module */
  const pairs = new Map();
  /** @type {Adapter['saved']} */
  const saved = new Map();
  /** @type {Adapter['rows']} */
  const rows = new Map();
  for (const tensor of tensors) {
    const read = toFloats(tensor, bytes.subarray(dataStart + tensor.begin, dataStart + tensor.end), where);
    const tokens = /^(.*)\.token_adapter\.trainable_tokens_delta(\.default)?$/.exec(tensor.name);
    if (tokens) {
      const table = `${canonicalName(tokens[1], family)}.weight`;
      rows.set(table, toRows(read, tokens[1], config.trainable_token_indices, where));
      continue;
    }
    const lora = /^(.*)\.lora_(embedding_)?([AB])(\.default)?(\.weight)?$/.exec(tensor.name);
    if (lora) {
      const [, module, embedding, which] = lora;
      const pair = pairs.get(module) ?? {};
      pairs.set(module, pair);
      // An embedding's rows are the columns of its product: W^T is what PEFT adapts.
      if (embedding) pair[which === 'A' ? 'b' : 'a'] = transpose(read, tensor.name, where);
      else pair[which === 'A' ? 'a' : 'b'] = read;
    } else if (tensor.name.includes('lora_')) {
      throw new BertletError(
        'BAD_ADAPTER',
        `${where} holds the tensor ${tensor.name}, which bertlet can't merge. Merge it in Python (merge_and_unload) and load the result.`,
      );
    } else {
      if (tensor.name.includes('.original_module.')) continue; // what the saved module took the place of
      const plain = tensor.name.replace(/\.(token_adapter|base_layer|modules_to_save(\.default)?)\b/g, '');
      saved.set(canonicalName(plain, family), read);
    }
  }
  /** @type {Adapter['deltas']} */
  const deltas = new Map();
  for (const [module, pair] of pairs)
    deltas.set(`${canonicalName(module, family)}.weight`, toDelta(module, pair, config, where));
  for (const name of rows.keys()) {
    if (!deltas.has(name)) continue;
    throw new BertletError(
      'BAD_ADAPTER',
      `${where} adapts ${name} as a whole and some of its rows, which bertlet can't merge. Merge it in Python (merge_and_unload) and load the result.`,
    );
  }
  return { deltas, saved, rows };
}

/**
 * The rows of a table of embeddings that an adapter replaces (PEFT's trainable_token_indices).
 * @param {FloatTensor} tensor [rows][columns]
 * @param {string} module
 * @param {any} indices of adapter_config.json: a list, or one for each module by the end of its name
 * @param {string} where
 * @returns {Map<number, Float32Array>} by the index of the row
 */
function toRows({ shape, values }, module, indices, where) {
  const entries = Array.isArray(indices) ? [['', indices]] : Object.entries(indices ?? {});
  const [, list] = entries.find(([name]) => `.${module}`.endsWith(name && `.${name}`)) ?? [];
  const isRow = (/** @type {unknown} */ index) => Number.isInteger(index) && /** @type {number} */ (index) >= 0;
  if (!Array.isArray(list) || !list.every(isRow) || shape.length !== 2 || shape[0] !== list.length)
    throw badShape(module, shape, where);
  return new Map(list.map((row, i) => [row, values.subarray(i * shape[1], (i + 1) * shape[1])]));
}

/**
 * @param {FloatTensor} tensor [rows][columns]
 * @param {string} name
 * @param {string} where
 * @returns {FloatTensor}
 */
function transpose({ shape, values }, name, where) {
  if (shape.length !== 2) throw badShape(name, shape, where);
  const [rows, columns] = shape;
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column];
  return { shape: [columns, rows], values: turned };
}

/**
 * @param {string} name
 * @param {number[]} shape
 * @param {string} where
 */
const badShape = (name, shape, where) =>
  new BertletError(
    'BAD_ADAPTER',
    `${where}: the tensors of ${name} have shape [${shape}], which does not go with adapter_config.json. Save the adapter again.`,
  );

/**
 * @param {string} module
 * @param {{ a?: FloatTensor, b?: FloatTensor }} pair
 * @param {any} config
 * @param {string} where
 * @returns {Delta}
 */
function toDelta(module, { a, b }, config, where) {
  if (!a || !b) {
    const lacking = a ? 'lora_B' : 'lora_A';
    throw new BertletError('BAD_ADAPTER', `${where} holds no ${lacking} for ${module}. Save the adapter again.`);
  }
  const name = module.replace(/^base_model\.model\./, '');
  const rank = byPattern(config.rank_pattern, name, where) ?? config.r;
  const alpha = byPattern(config.alpha_pattern, name, where) ?? config.lora_alpha;
  const [rows, rankOfB] = b.shape;
  const [rankOfA, columns] = a.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || rankOfA !== rank || rankOfB !== rank)
    throw badShape(module, [...b.shape, ...a.shape], where);
  if (!Number.isFinite(alpha))
    throw new BertletError('BAD_ADAPTER', `${where}: adapter_config.json has lora_alpha ${JSON.stringify(alpha)}.`);
  const scale = alpha / (config.use_rslora ? Math.sqrt(rank) : rank);
  return { name, a: a.values, b: b.values, rank, rows, columns, scale };
}

/**
 * An entry of `rank_pattern` or `alpha_pattern`, whose keys are regular expressions for the end of a module's name.
 * @param {Record<string, number> | null | undefined} patterns
 * @param {string} name
 * @param {string} where
 * @returns {number | undefined}
 */
function byPattern(patterns, name, where) {
  const matches = (/** @type {string} */ pattern) => {
    try {
      return parsePattern(`(.*\\.)?(${pattern})`)(name);
    } catch (error) {
      if (!(error instanceof UnknownPattern)) throw error;
      throw new BertletError(
        'BAD_ADAPTER',
        `${where}: adapter_config.json has the pattern ${JSON.stringify(pattern)}, which bertlet doesn't understand. ` +
          'Merge it in Python (merge_and_unload) and load the result.',
        { cause: error },
      );
    }
  };
  const found = Object.entries(patterns ?? {}).find(([pattern]) => matches(pattern));
  return found?.[1];
}
