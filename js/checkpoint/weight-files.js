// Finds the files that hold a checkpoint's weights: a single one, or the shards that an index lists.
import { BertletError } from '../errors.js';
import { isModelFile, isWeights } from '../io/file-name.js';
import { openFile, readOptional } from '../io/sources.js';
import { parseJson } from './json.js';

/** @typedef {import('../base/platform.js').Source} Source */

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * @typedef {object} WeightFiles
 * @property {string[]} names of the files
 * @property {import('../base/platform.js').Chunks} [first] the content of a single file, already open
 * @property {{ location: string, tensors: string[], totalBytes: number }} [index] of shards: its URL or path, the names of all tensors,
 *   and their size together
 */

/**
 * Finds and opens model.safetensors, or reads model.safetensors.index.json.
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<WeightFiles>} rejects with FILE_NOT_FOUND if there is neither file, BAD_CONFIG for a damaged index, and as `openFile`
 */
export async function findWeightFiles(source, signal) {
  try {
    return { names: [SINGLE], first: await openFile(source, SINGLE, signal) };
  } catch (error) {
    if (!(error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code))) throw error;
    const found = await readOptional(source, INDEX, signal);
    if ('error' in found) throw error.code === 'FILE_NOT_FOUND' ? noSafetensors(source.locate(SINGLE), error) : error;
    const { location } = found;
    const { weight_map: weightMap, metadata } = parseJson(found.bytes, location);
    const names = [...new Set(Object.values(weightMap ?? {}))].sort();
    const totalBytes = metadata?.total_size;
    if (
      names.length === 0 ||
      !names.every((name) => typeof name === 'string' && isModelFile(name) && isWeights(name)) ||
      !(totalBytes > 0)
    ) {
      throw new BertletError(
        'BAD_CONFIG',
        `${location} has no proper weight_map and metadata.total_size. Download or export it again.`,
      );
    }
    return { names, index: { location, tensors: Object.keys(weightMap), totalBytes } };
  }
}

/**
 * @param {string} location
 * @param {BertletError} cause
 */
const noSafetensors = (location, cause) =>
  new BertletError(
    'FILE_NOT_FOUND',
    `${location} does not exist, nor does ${INDEX}: bertlet reads weights in safetensors only, not pytorch_model.bin or ONNX. Copies for ` +
      'transformers.js (Xenova/…, onnx-community/…) name on their page the original, such as sentence-transformers/…, which has them; ' +
      'for others, save_pretrained() of transformers writes them.',
    { cause },
  );
