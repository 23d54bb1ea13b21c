// Finds the files that hold a checkpoint's weights: a single one, or shards.
import { CONVERTED } from '../base/converted.js';
import { fetchPart } from '../base/fetch-part.js';
import { isAbsent, openFile } from '../io/sources.js';

/** @typedef {import('../base/platform.js').Source} Source */

const SINGLE = 'model.safetensors';

/**
 * Finds and opens the file of weights, or reads the index of shards.
 * @param {Source} source
 * @param {boolean} isInt8 whether what `convert` has made is looked for first; else it is taken where there is nothing else
 * @param {AbortSignal} signal
 * @returns {Promise<import('./shards.js').WeightFiles>} rejects with FILE_NOT_FOUND if there is no such file, BAD_CONFIG for a damaged index, and as `openFile`
 */
export async function findWeightFiles(source, isInt8, signal) {
  /** @type {import('../errors.js').BertletError | undefined} */
  let absent;
  for (const name of isInt8 ? [CONVERTED, SINGLE] : [SINGLE])
    try {
      return { names: [name], first: await openFile(source, name, signal) };
    } catch (error) {
      if (!isAbsent(error)) throw error;
      absent = error;
    }
  const { readShards } = await fetchPart(() => import('./shards.js'));
  return readShards(
    source,
    isInt8,
    signal,
    /** @type {import('../errors.js').BertletError} */ (absent),
    source.locate(SINGLE),
  );
}
