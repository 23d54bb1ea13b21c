// A checkpoint's tensors into the core's, as their bytes arrive; an adapter is merged on the way. What a head needs is kept.
import { BertletError } from '../errors.js';
import { notFinite, readSafetensors, toFloats, unsupportedType } from './safetensors.js';
import { openFile } from '../io/sources.js';
import { canonicalName } from './tensor-names.js';
import { findWeightFiles } from './weight-files.js';
import { DTYPE, STATUS, TENSOR_NAME_BYTES } from '../core/abi.js';
import { align } from '../core/instance.js';

/** @typedef {import('./safetensors.js').Tensor} Tensor */
/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */
/** @typedef {import('../base/platform.js').Source} Source */

/**
 * @typedef {object} Wanted a tensor of the core
 * @property {number} index
 * @property {number[]} shape
 */

/**
 * @typedef {object} Target where a checkpoint's tensors go
 * @property {import('../core/instance.js').Core} core
 * @property {number} model
 * @property {{ address: number, size: number }} staging
 * @property {import('./families/family.js').Family} family
 * @property {import('./adapter.js').Adapter} [adapter]
 * @property {string} [tied] canonical name of a tensor that is the word embeddings, under which alone they may be stored
 * @property {Set<string>} headNames canonical names of the tensors to keep
 */

/**
 * @param {import('../core/instance.js').Core} core
 * @param {number} model
 * @returns {Map<string, Wanted>}
 */
function wantedTensors(core, model) {
  const wanted = new Map();
  const name = core.scratch(TENSOR_NAME_BYTES);
  for (let index = 0; index < core.fn.tensor_count(model); index++) {
    const length = core.fn.tensor_name(model, index, name);
    const rows = core.fn.tensor_rows(model, index);
    const columns = core.fn.tensor_columns(model, index);
    const shape = rows === 1 ? [columns] : [rows, columns];
    wanted.set(new TextDecoder().decode(core.bytes(name, length).slice()), { index, shape });
  }
  return wanted;
}

const EMBEDDINGS = 'embeddings.word_embeddings.weight';

/**
 * @param {string[]} names of all tensors of a checkpoint
 * @param {Pick<Target, 'family' | 'tied'>} target
 * @returns {Map<string, string>} their canonical names
 */
function canonicalNames(names, { family, tied }) {
  const canonical = new Map(names.map((name) => [name, canonicalName(name, family)]));
  if ([...canonical.values()].includes(EMBEDDINGS)) return canonical;
  for (const [name, other] of canonical) if (other === tied) canonical.set(name, EMBEDDINGS);
  return canonical;
}

/**
 * Reads all weights of a model.
 * @param {Source} source
 * @param {Target} target
 * @param {AbortSignal} signal
 * @param {(loaded: number, total: number) => void} onProgress
 * @returns {Promise<Map<string, FloatTensor>>} the tensors of `headNames` that are there, by canonical name, with the adapter merged
 */
export async function readWeights(source, target, signal, onProgress) {
  const { core, model, adapter, headNames } = target;
  const wanted = wantedTensors(core, model);
  adapter?.check((name) => wanted.get(name)?.shape, headNames);
  const { names, index, first } = await findWeightFiles(source, signal);
  const listed = index && canonicalNames(index.tensors, target);
  if (index && listed) checkComplete(wanted, new Set(listed.values()), index.where);

  const reader = new Reader(target, wanted, listed);
  let before = 0; // bytes of the files that are read
  for (const name of names) {
    const report = (/** @type {number} */ loaded, /** @type {number} */ size) => {
      if (!index) return onProgress(loaded, size);
      // The index counts the tensors' bytes only, the files have headers too.
      onProgress(Math.min(before + loaded, index.totalBytes), index.totalBytes);
    };
    const chunks = first ?? (await openFile(source, name, signal));
    before += await reader.readFile(chunks, source.locate(name), !index, report);
  }
  checkComplete(wanted, reader.seen, source.locate(names[0]));

  const { kept } = reader;
  adapter?.mergeHeads(kept, headNames);
  return kept;
}

/**
 * @param {Map<string, Wanted>} wanted
 * @param {Set<string>} present canonical names
 * @param {string} where
 */
function checkComplete(wanted, present, where) {
  const missing = [...wanted.keys()].filter((name) => !present.has(name));
  if (missing.length === 0) return;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  throw new BertletError(
    'MISSING_TENSOR',
    `${where} lacks the tensor ${missing[0]}${more}. It must be a BERT model that fits config.json.`,
  );
}

/** Reads a checkpoint's files, one after the other. */
class Reader {
  /** Canonical names of the tensors that were found. @type {Set<string>} */
  seen = new Set();
  /** @type {Map<string, FloatTensor>} */
  kept = new Map();

  /**
   * @param {Target} target
   * @param {Map<string, Wanted>} wanted
   * @param {Map<string, string>} [listed] canonical names of the tensors in all files; without it there is one file
   */
  constructor(target, wanted, listed) {
    this.target = target;
    this.wanted = wanted;
    this.listed = listed;
  }

  /**
   * @param {import('../base/platform.js').Chunks} chunks
   * @param {string} where
   * @param {boolean} alone whether all tensors must be in this file: then one that lacks is told before the rest is downloaded
   * @param {(loaded: number, size: number) => void} report
   * @returns {Promise<number>} size of the file
   */
  async readFile(chunks, where, alone, report) {
    let size = 0;
    /** @type {Map<Tensor, (bytes: Uint8Array) => void>} */
    let consumers;
    await readSafetensors(
      chunks,
      where,
      (header) => {
        consumers = this.#match(header.tensors, where);
        if (alone) checkComplete(this.wanted, this.seen, where);
        size = header.fileSize;
      },
      (tensor, bytes, loaded) => {
        report(loaded, size);
        consumers.get(tensor)?.(bytes);
      },
    );
    return size;
  }

  /**
   * @param {Tensor[]} tensors
   * @param {string} where
   * @returns {Map<Tensor, (bytes: Uint8Array) => void>} who takes the bytes of those that are used
   */
  #match(tensors, where) {
    const consumers = new Map();
    const own = tensors.map(({ name }) => name);
    const names = this.listed ?? canonicalNames(own, this.target);
    for (const tensor of tensors) {
      const name = names.get(tensor.name) ?? canonicalName(tensor.name, this.target.family);
      const target = this.wanted.get(name);
      if (!target && !this.target.headNames.has(name)) continue; // of a head for another task
      if (this.seen.has(name))
        throw new BertletError('BAD_SAFETENSORS', `${where} holds the tensor ${name} twice. Export it again.`);
      this.seen.add(name);
      consumers.set(tensor, target ? this.#write(tensor, name, target, where) : this.#keep(tensor, name, where));
    }
    return consumers;
  }

  /**
   * Into memory of JavaScript.
   * @param {Tensor} tensor
   * @param {string} name
   * @param {string} where
   */
  #keep(tensor, name, where) {
    const whole = new Uint8Array(tensor.end - tensor.begin);
    let at = 0;
    return (/** @type {Uint8Array} */ bytes) => {
      whole.set(bytes, at);
      at += bytes.length;
      if (at === whole.length) this.kept.set(name, toFloats(tensor, whole, where));
    };
  }

  /**
   * Into the core.
   * @param {Tensor} tensor
   * @param {string} name
   * @param {Wanted} target
   * @param {string} where
   */
  #write(tensor, name, { index, shape }, where) {
    const { core, model, adapter } = this.target;
    const elements =
      shape.length === 1 && tensor.shape.length === 2 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
    const saved = adapter?.saved.get(name);
    // What the adapter replaces may have fewer rows: those of tokens that it adds.
    if (!saved && String(elements) !== String(shape)) {
      throw new BertletError(
        'SHAPE_MISMATCH',
        `${where}: tensor ${tensor.name} has shape [${tensor.shape}], but by config.json it should be [${shape}]. ` +
          'The two files must be of the same model.',
      );
    }
    if (!Object.hasOwn(DTYPE, tensor.dtype)) throw unsupportedType(tensor.name, tensor.dtype, where);
    const rows = adapter?.rows.get(name);
    const delta = adapter?.deltas.get(name);
    const check = (/** @type {number} */ status) => {
      if (status === STATUS.ERROR_NUMERIC) throw notFinite(tensor.name, where);
      if (status !== STATUS.OK) throw new Error(`writing tensor ${tensor.name}: ${status}`);
    };
    const patch =
      rows && cutIntoRows(tensor, where, (row, values) => this.#put(asBytes(rows.get(row) ?? values), check));
    let open = false;
    return (/** @type {Uint8Array} */ bytes) => {
      if (!open) {
        const dtype = saved || patch ? 'F32' : /** @type {keyof typeof DTYPE} */ (tensor.dtype);
        check(core.fn.tensor_begin(model, index, DTYPE[dtype]));
        if (delta) check(this.#adapt(delta));
        if (saved) this.#put(asBytes(replaceRows(saved, rows).values), check);
        open = true;
      }
      if (saved) return;
      if (patch) patch(bytes);
      else this.#put(bytes, check);
    };
  }

  /** @param {import('./adapter.js').Delta} delta */
  #adapt({ a, b, rank, scale }) {
    const { core, model } = this.target;
    const at = core.scratch(align(a.byteLength) + b.byteLength);
    core.floats(at, a.length).set(a);
    core.floats(at + align(a.byteLength), b.length).set(b);
    return core.fn.tensor_merge_lora(model, at, at + align(a.byteLength), rank, scale);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(status: number) => void} check
   */
  #put(bytes, check) {
    const { core, model, staging } = this.target;
    for (let at = 0; at < bytes.length; at += staging.size) {
      const part = bytes.subarray(at, at + staging.size);
      core.bytes(staging.address, part.length).set(part);
      check(core.fn.tensor_write(model, staging.address, part.length));
    }
  }
}

/** @param {Float32Array} values */
const asBytes = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/**
 * @param {FloatTensor} tensor [rows][columns], changed in place
 * @param {Map<number, Float32Array>} [rows] by their indices
 */
function replaceRows(tensor, rows = new Map()) {
  for (const [index, values] of rows) tensor.values.set(values, index * values.length);
  return tensor;
}

/**
 * @param {Tensor} tensor [rows][columns]
 * @param {string} where
 * @param {(row: number, values: Float32Array) => void} use called with each row when it is whole
 * @returns {(bytes: Uint8Array) => void} takes the tensor's bytes, cut anywhere
 */
function cutIntoRows({ name, dtype, shape, begin, end }, where, use) {
  const whole = new Uint8Array((end - begin) / shape[0]);
  let filled = 0;
  let row = 0;
  return (bytes) => {
    while (bytes.length > 0) {
      const part = bytes.subarray(0, whole.length - filled);
      whole.set(part, filled);
      filled += part.length;
      bytes = bytes.subarray(part.length);
      if (filled < whole.length) return;
      use(row++, toFloats({ name, dtype, shape: [shape[1]], begin: 0, end: 0 }, whole, where).values);
      filled = 0;
    }
  };
}
