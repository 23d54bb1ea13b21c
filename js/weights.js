// A checkpoint's tensors into the core's, as their bytes arrive.
import { BertletError } from './errors.js';
import { readSafetensors } from './safetensors.js';

/** bertlet_dtype */
const DTYPES = { F32: 0, F16: 1, BF16: 2 };

const ERROR_NUMERIC = -5;

/** bertlet_tensor_name() wants so many bytes. */
const NAME_BYTES = 96;

/**
 * @typedef {object} Wanted a tensor of the core
 * @property {number} index
 * @property {number[]} shape
 */

/**
 * @param {import('./wasm.js').Core} core
 * @param {number} model
 * @returns {Map<string, Wanted>}
 */
function wantedTensors(core, model) {
  const wanted = new Map();
  const name = core.scratch(NAME_BYTES);
  for (let index = 0; index < core.fn.tensor_count(model); index++) {
    const length = core.fn.tensor_name(model, index, name);
    const rows = core.fn.tensor_rows(model, index);
    const columns = core.fn.tensor_columns(model, index);
    const shape = rows === 1 ? [columns] : [rows, columns];
    wanted.set(new TextDecoder().decode(core.bytes(name, length).slice()), { index, shape });
  }
  return wanted;
}

/**
 * A checkpoint's name as the core has it: models with a head prefix "bert.", the oldest call layer norm's parameters
 * as TensorFlow does.
 * @param {string} name
 */
const canonical = (name) =>
  name
    .replace(/^bert\./, '')
    .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
    .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');

/**
 * @param {import('./safetensors.js').Header} header
 * @param {Map<string, Wanted>} wanted
 * @param {string} where
 * @returns {Map<import('./safetensors.js').Tensor, { index: number, dtype: number }>} those of the file's that are used
 */
function matchTensors(header, wanted, where) {
  const used = new Map();
  const missing = new Map(wanted);
  for (const tensor of header.tensors) {
    const name = canonical(tensor.name);
    const target = wanted.get(name);
    if (!target) continue; // a pooler, a head for another task
    if (!missing.delete(name))
      throw new BertletError('BAD_SAFETENSORS', `${where} holds the tensor ${name} twice. Export it again.`);
    const { dtype, shape } = tensor;
    const elements = target.shape.length === 1 && shape.length === 2 && shape[0] === 1 ? shape.slice(1) : shape;
    if (String(elements) !== String(target.shape)) {
      throw new BertletError(
        'SHAPE_MISMATCH',
        `${where}: tensor ${tensor.name} has shape [${shape}], but by config.json it should be [${target.shape}]. ` +
          'The two files must be of the same model.',
      );
    }
    if (!Object.hasOwn(DTYPES, dtype)) {
      throw new BertletError(
        'UNSUPPORTED_DTYPE',
        `${where}: tensor ${tensor.name} is of type ${dtype}; bertlet reads F32, F16 and BF16.`,
      );
    }
    used.set(tensor, { index: target.index, dtype: DTYPES[/** @type {keyof typeof DTYPES} */ (dtype)] });
  }
  if (missing.size > 0) {
    const [first] = missing.keys();
    const more = missing.size > 1 ? ` and ${missing.size - 1} more` : '';
    throw new BertletError(
      'MISSING_TENSOR',
      `${where} lacks the tensor ${first}${more}. It must be a BERT model that fits config.json.`,
    );
  }
  return used;
}

/**
 * @param {import('./wasm.js').Core} core
 * @param {number} model
 * @param {import('./streams.js').Chunks} chunks of a model.safetensors
 * @param {string} where
 * @param {{ address: number, size: number }} staging
 * @param {(loaded: number, total: number) => void} onProgress
 */
export async function streamWeights(core, model, chunks, where, staging, onProgress) {
  /** @type {ReturnType<typeof matchTensors>} */
  let used;
  let total = 0;
  /** @type {import('./safetensors.js').Tensor | undefined} */
  let open;

  await readSafetensors(
    chunks,
    where,
    (header) => {
      used = matchTensors(header, wantedTensors(core, model), where);
      total = header.fileSize;
    },
    (tensor, bytes, loaded) => {
      onProgress(loaded, total);
      const target = used.get(tensor);
      if (!target) return;
      if (tensor !== open) check(core.fn.tensor_begin(model, target.index, target.dtype), tensor, where);
      open = tensor;
      for (let at = 0; at < bytes.length; at += staging.size) {
        const part = bytes.subarray(at, at + staging.size);
        core.bytes(staging.address, part.length).set(part);
        check(core.fn.tensor_write(model, staging.address, part.length), tensor, where);
      }
    },
  );
}

/**
 * @param {number} status
 * @param {import('./safetensors.js').Tensor} tensor
 * @param {string} where
 */
function check(status, { name }, where) {
  if (status === ERROR_NUMERIC) {
    throw new BertletError('BAD_WEIGHTS', `${where}: tensor ${name} holds NaN or infinity. Export the model again.`);
  }
  if (status !== 0) throw new Error(`writing tensor ${name}: ${status}`);
}
