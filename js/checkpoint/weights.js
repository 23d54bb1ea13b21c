// Reads a checkpoint's tensors: those of the encoder go into the core as their bytes arrive, with an adapter merged on the way; those of
// heads are kept in JavaScript's memory.
import { METADATA_KEY } from '../base/converted.js';
import { BertletError } from '../errors.js';
import { fetchPart } from '../base/fetch-part.js';
import { notFinite, readSafetensors, toFloats, unsupportedType } from './safetensors.js';
import { openFile } from '../io/sources.js';
import { canonicalName } from './tensor-names.js';
import { findWeightFiles } from './weight-files.js';
import { DTYPE, STATUS } from '../core/abi.js';
import { align } from '../core/instance.js';
import { tensorsOf } from '../core/tensors.js';

/** @typedef {import('../core/tensors.js').CoreTensor} CoreTensor */
/** @typedef {import('./safetensors.js').Tensor} Tensor */
/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */
/** @typedef {import('../base/platform.js').Source} Source */

/**
 * Where a checkpoint's tensors go.
 * @typedef {object} Target
 * @property {import('../core/instance.js').Core} core
 * @property {number} model address of the bertlet_model, which has no weights yet
 * @property {{ address: number, size: number }} staging memory of the core for bytes on their way into the model
 * @property {import('./families/family.js').Family} family
 * @property {import('./adapter.js').Adapter} [adapter] to be merged
 * @property {string} [tied] canonical name of a tensor that is the word embeddings; they may be stored under this name only
 * @property {{ notes?: string[] }} extras gets notes on the weights
 * @property {Set<string>} headNames canonical names of the heads' tensors
 * @property {(name: string) => boolean} isNeeded whether one of them is read; what is wrong with another one is no error, and it counts as
 *   missing
 */

/** Most bytes of a head's tensor: what a header says is not believed before its bytes are there. */
const MAX_HEAD_BYTES = 2 ** 30;

const EMBEDDINGS = 'embeddings.word_embeddings.weight';

/**
 * The canonical names of a checkpoint's tensors; that of the tied tensor is EMBEDDINGS if no other is.
 * @param {string[]} names of all tensors of a checkpoint
 * @param {Pick<Target, 'family' | 'tied'>} target
 * @returns {Map<string, string>} canonical names by `names`
 */
function canonicalNames(names, { family, tied }) {
  const canonical = new Map(names.map((name) => [name, canonicalName(name, family)]));
  if ([...canonical.values()].includes(EMBEDDINGS)) return canonical;
  for (const [name, other] of canonical) if (other === tied) canonical.set(name, EMBEDDINGS);
  return canonical;
}

/**
 * Reads all weights of a checkpoint, with the adapter merged. Rejects with BAD_ADAPTER if the adapter doesn't fit the model,
 * MISSING_TENSOR, SHAPE_MISMATCH, UNSUPPORTED_DTYPE or BAD_WEIGHTS for tensors that are not as they must be, FILE_NOT_FOUND, BAD_CONFIG,
 * BAD_SAFETENSORS, TRUNCATED_FILE or NOT_A_MODEL for the files, and as `source.open`.
 * @param {Source} source
 * @param {Target} target
 * @param {AbortSignal} signal
 * @param {(loaded: number, total: number) => void} onProgress gets bytes
 * @returns {Promise<Map<string, FloatTensor>>} those of the heads' tensors that the files have, by canonical name
 */
export async function readWeights(source, target, signal, onProgress) {
  const { core, model, adapter, headNames } = target;
  const expected = tensorsOf(core, model);
  // Of the layers below a classifier an adapter may save those that its head does not read.
  adapter?.check((name) => expected.get(name)?.shape, headNames);
  const { names, index, first } = await findWeightFiles(source, core.fn.model_weight_bits(model) < 32, signal);
  const listed = index && canonicalNames(index.tensors, target);
  if (index && listed) checkComplete(expected, new Set(listed.values()), index.location);

  const reader = new CheckpointReader(target, expected, listed);
  let before = 0; // bytes of the files before this one
  for (const name of names) {
    const report = (/** @type {number} */ loaded, /** @type {number} */ size) => {
      if (!index) return onProgress(loaded, size);
      // The index counts the bytes of tensors, but not those of the files' headers.
      onProgress(Math.min(before + loaded, index.totalBytes), index.totalBytes);
    };
    const chunks = first ?? (await openFile(source, name, signal));
    before += await reader.readFile(chunks, source.locate(name), !index, report);
  }
  checkComplete(expected, reader.seen, source.locate(names[0]));

  const { heads } = reader;
  adapter?.mergeHeads(heads, headNames);
  return heads;
}

/**
 * Throws MISSING_TENSOR if a tensor of the encoder is missing.
 * @param {Map<string, CoreTensor>} expected
 * @param {Set<string>} present canonical names
 * @param {string} location URL or path of the file, for messages
 */
function checkComplete(expected, present, location) {
  const missing = [...expected.keys()].filter((name) => !present.has(name));
  if (missing.length === 0) return;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  throw new BertletError(
    'MISSING_TENSOR',
    `${location} lacks the tensor ${missing[0]}${more}. It must be a BERT model that fits config.json.`,
  );
}

/** Reads a checkpoint's files, one after the other. */
class CheckpointReader {
  /** Canonical names of the tensors that were found. @type {Set<string>} */
  seen = new Set();
  /** The tensors of heads, by canonical name. @type {Map<string, FloatTensor>} */
  heads = new Map();

  /**
   * @param {Target} target
   * @param {Map<string, CoreTensor>} expected
   * @param {Map<string, string>} [listed] canonical names of the tensors in all files; undefined if there is only one file
   */
  constructor(target, expected, listed) {
    this.target = target;
    this.expected = expected;
    this.listed = listed;
  }

  /**
   * Reads one file.
   * @param {import('../base/platform.js').Chunks} chunks
   * @param {string} location URL or path of the file, for messages
   * @param {boolean} single whether it is the only file. Then it throws for a missing tensor before it downloads the others
   * @param {(loaded: number, size: number) => void} report gets bytes
   * @returns {Promise<number>} size of the file in bytes
   */
  async readFile(chunks, location, single, report) {
    let size = 0;
    /** @type {import('./packed-reader.js').PackedFile | undefined} */
    let packed;
    /** @type {Map<Tensor, (bytes: Uint8Array) => void>} */
    let consumers;
    await readSafetensors(
      chunks,
      location,
      async (header) => {
        if (header.metadata[METADATA_KEY]) {
          const { PackedFile } = await fetchPart(() => import('./packed-reader.js'));
          packed = new PackedFile(header, location);
        }
        consumers = this.#consumersOf((packed ?? header).tensors, location);
        if (packed) consumers = packed.unpack(consumers);
        if (single) checkComplete(this.expected, this.seen, location);
        size = header.fileSize;
      },
      (tensor, bytes, loaded) => {
        report(loaded, size);
        consumers.get(tensor)?.(bytes);
      },
    );
    packed?.finish(this.target, this.expected);
    return size;
  }

  /**
   * A function for each tensor that is used, which gets the tensor's bytes in pieces.
   * @param {Tensor[]} tensors
   * @param {string} location
   * @returns {Map<Tensor, (bytes: Uint8Array) => void>}
   */
  #consumersOf(tensors, location) {
    const consumers = new Map();
    const own = tensors.map(({ name }) => name);
    const names = this.listed ?? canonicalNames(own, this.target);
    for (const tensor of tensors) {
      const name = names.get(tensor.name) ?? canonicalName(tensor.name, this.target.family);
      const coreTensor = this.expected.get(name);
      if (!coreTensor && !this.target.headNames.has(name)) continue; // of a head that is not used
      if (this.seen.has(name))
        throw new BertletError('BAD_SAFETENSORS', `${location} holds the tensor ${name} twice. Export it again.`);
      this.seen.add(name);
      consumers.set(
        tensor,
        coreTensor ? this.#writeToCore(tensor, name, coreTensor, location) : this.#keepForHead(tensor, name, location),
      );
    }
    return consumers;
  }

  /**
   * Collects the bytes of a head's tensor.
   * @param {Tensor} tensor
   * @param {string} name canonical
   * @param {string} location
   */
  #keepForHead(tensor, name, location) {
    const size = tensor.end - tensor.begin;
    if (size > MAX_HEAD_BYTES)
      throw new BertletError(
        'OUT_OF_MEMORY',
        `${location}: tensor ${tensor.name} has ${size} bytes, too many for a head.`,
      );
    const whole = new Uint8Array(size);
    let filled = 0;
    return (/** @type {Uint8Array} */ bytes) => {
      whole.set(bytes, filled);
      filled += bytes.length;
      if (filled < whole.length) return;
      try {
        this.heads.set(name, toFloats(tensor, whole, location));
      } catch (error) {
        if (this.target.isNeeded(name)) throw error;
      }
    };
  }

  /**
   * Writes the bytes of a tensor into the core. Throws SHAPE_MISMATCH or UNSUPPORTED_DTYPE at once, BAD_WEIGHTS with the bytes.
   * @param {Tensor} tensor
   * @param {string} name canonical
   * @param {CoreTensor} coreTensor
   * @param {string} location
   */
  #writeToCore(tensor, name, { index, shape }, location) {
    const { core, model, adapter } = this.target;
    // A vector may be stored as a matrix of one row.
    const storedShape =
      shape.length === 1 && tensor.shape.length === 2 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
    const saved = adapter?.replacementOf(name);
    // What the adapter replaces may have fewer rows: those of tokens that it adds.
    if (!saved && String(storedShape) !== String(shape)) {
      throw new BertletError(
        'SHAPE_MISMATCH',
        `${location}: tensor ${tensor.name} has shape [${tensor.shape}], but by config.json it should be [${shape}]. ` +
          'Both files must be of the same model.',
      );
    }
    if (!Object.hasOwn(DTYPE, tensor.dtype)) throw unsupportedType(tensor.name, tensor.dtype, location);
    const delta = adapter?.deltas.get(name);
    const check = (/** @type {number} */ status) => {
      if (status === STATUS.ERROR_NUMERIC) throw notFinite(tensor.name, location);
      if (status !== STATUS.OK) throw new Error(`writing tensor ${tensor.name}: ${status}`);
    };
    const patch = adapter?.rowReplacer(name, tensor, location, (values) => this.#write(asBytes(values), check));
    let begun = false;
    return (/** @type {Uint8Array} */ bytes) => {
      if (!begun) {
        const dtype = saved || patch ? 'F32' : /** @type {keyof typeof DTYPE} */ (tensor.dtype);
        check(core.fn.tensor_begin(model, index, DTYPE[dtype]));
        if (delta) check(this.#mergeLora(delta));
        if (saved) this.#write(asBytes(saved.values), check);
        begun = true;
      }
      if (saved) return;
      if (patch) patch(bytes);
      else this.#write(bytes, check);
    };
  }

  /** Has the core merge a change into the tensor that was just begun. @param {import('./adapter.js').Delta} delta */
  #mergeLora({ a, b, rank, scale }) {
    const { core, model } = this.target;
    const addressOfA = core.scratch(align(a.byteLength) + b.byteLength);
    const addressOfB = addressOfA + align(a.byteLength);
    core.floats(addressOfA, a.length).set(a);
    core.floats(addressOfB, b.length).set(b);
    return core.fn.tensor_merge_lora(model, addressOfA, addressOfB, rank, scale);
  }

  /**
   * Writes bytes of the tensor that was begun.
   * @param {Uint8Array} bytes
   * @param {(status: number) => void} check throws for an error of the core
   */
  #write(bytes, check) {
    const { core, model, staging } = this.target;
    for (let begin = 0; begin < bytes.length; begin += staging.size) {
      const part = bytes.subarray(begin, begin + staging.size);
      core.bytes(staging.address, part.length).set(part);
      check(core.fn.tensor_write(model, staging.address, part.length));
    }
  }
}

/** A view. @param {Float32Array} values */
const asBytes = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
