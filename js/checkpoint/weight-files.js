// Which files hold a checkpoint's weights: one, or the shards that an index lists.
import { BertletError } from '../errors.js';
import { isModelFile, isWeights } from '../io/file-name.js';
import { openFile, readOptional } from '../io/sources.js';
import { parseJson } from './json.js';

/** @typedef {import('../base/platform.js').Source} Source */

const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * @typedef {object} WeightFiles
 * @property {string[]} names
 * @property {import('../base/platform.js').Chunks} [first] the one file, already open
 * @property {{ where: string, tensors: string[], totalBytes: number }} [index] what lists several
 */

/**
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<WeightFiles>} rejects with FILE_NOT_FOUND where there is neither file nor index, BAD_CONFIG for a damaged index
 */
export async function findWeightFiles(source, signal) {
  try {
    return { names: [WHOLE], first: await openFile(source, WHOLE, signal) };
  } catch (error) {
    if (!(error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code))) throw error;
    const found = await readOptional(source, INDEX, signal);
    if ('error' in found) throw error.code === 'FILE_NOT_FOUND' ? noSafetensors(source.locate(WHOLE), error) : error;
    const { where } = found;
    const { weight_map: map, metadata } = parseJson(found.bytes, where);
    const names = [...new Set(Object.values(map ?? {}))].sort();
    const totalBytes = metadata?.total_size;
    if (
      names.length === 0 ||
      !names.every((name) => typeof name === 'string' && isModelFile(name) && isWeights(name)) ||
      !(totalBytes > 0)
    ) {
      throw new BertletError(
        'BAD_CONFIG',
        `${where} has no proper weight_map and metadata.total_size. Download or export it again.`,
      );
    }
    return { names, index: { where, tensors: Object.keys(map), totalBytes } };
  }
}

/**
 * @param {string} where
 * @param {BertletError} cause
 */
const noSafetensors = (where, cause) =>
  new BertletError(
    'FILE_NOT_FOUND',
    `${where} does not exist, nor does ${INDEX}: bertlet reads weights in safetensors only, not pytorch_model.bin or ONNX. Copies for ` +
      'transformers.js (Xenova/…, onnx-community/…) name on their page the original, such as sentence-transformers/…, which has them; ' +
      'for others, save_pretrained() of transformers writes them.',
    { cause },
  );
