// Finds the files of a checkpoint that is cut into shards, which an index lists, or else what `convert` has made of it. Only who loads a
// folder without model.safetensors fetches this file.
import { CONVERTED } from '../base/converted.js';
import { BertletError } from '../errors.js';
import { isModelFile, isWeights } from '../io/file-name.js';
import { isAbsent, openFile, readOptional } from '../io/sources.js';
import { parseJson } from './json.js';

/** @typedef {import('../base/platform.js').Source} Source */

/**
 * @typedef {object} WeightFiles
 * @property {string[]} names of the files
 * @property {import('../base/platform.js').Chunks} [first] the content of a single file, already open
 * @property {{ location: string, tensors: string[], totalBytes: number }} [index] of shards: its URL or path, the names of all tensors,
 *   and their size together
 */

const INDEX = 'model.safetensors.index.json';

/**
 * Reads model.safetensors.index.json.
 * @param {Source} source
 * @param {boolean} isInt8 whether CONVERTED was looked for already
 * @param {AbortSignal} signal
 * @param {BertletError} error why there is no model.safetensors
 * @param {string} single URL or path of model.safetensors, for messages
 * @returns {Promise<WeightFiles>} rejects with FILE_NOT_FOUND or `error` if there is no index either, BAD_CONFIG
 *   for a damaged one, and as `openFile`
 */
export async function readShards(source, isInt8, signal, error, single) {
  const found = await readOptional(source, INDEX, signal);
  if ('error' in found) {
    const converted = isInt8 ? undefined : await openFile(source, CONVERTED, signal).catch(unlessAbsent);
    if (converted) return { names: [CONVERTED], first: converted };
    throw error.code === 'FILE_NOT_FOUND' ? noSafetensors(single, error) : error;
  }
  const { location } = found;
  const { weight_map: weightMap, metadata } = parseJson(found.bytes, location);
  const names = [...new Set(Object.values(weightMap ?? {}))];
  const totalBytes = metadata?.total_size;
  if (
    names.length === 0 ||
    !names.every((name) => typeof name === 'string' && isModelFile(name) && isWeights(name)) ||
    !(Number.isFinite(totalBytes) && totalBytes > 0)
  ) {
    throw new BertletError(
      'BAD_CONFIG',
      `${location} has no proper weight_map and metadata.total_size. Download or export it again.`,
    );
  }
  return { names: names.sort(), index: { location, tensors: Object.keys(weightMap), totalBytes } };
}

/** For `catch`: nothing for a file that is not there. @param {unknown} error */
function unlessAbsent(error) {
  if (!isAbsent(error)) throw error;
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
