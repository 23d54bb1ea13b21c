// Finds the files that hold a checkpoint's weights: a single one, or shards.
import { fetchPart } from '../base/fetch-part.js';
import { BertletError } from '../errors.js';
import { openFile } from '../io/sources.js';

/** @typedef {import('../base/platform.js').Source} Source */

const SINGLE = 'model.safetensors';

/**
 * Finds and opens model.safetensors, or reads the index of its shards.
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<import('./shards.js').WeightFiles>} rejects with FILE_NOT_FOUND if there is neither file, BAD_CONFIG for a damaged index, and as `openFile`
 */
export async function findWeightFiles(source, signal) {
  try {
    return { names: [SINGLE], first: await openFile(source, SINGLE, signal) };
  } catch (error) {
    if (!(error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code))) throw error;
    const { readShards } = await fetchPart(() => import('./shards.js'));
    return readShards(source, signal, error, source.locate(SINGLE));
  }
}
