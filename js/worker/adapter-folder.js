// The files of an adapter's folder that count before those of its model. Only who loads an adapter fetches this file.
import { BertletError } from '../errors.js';
import { ADAPTER, readOptional } from '../io/sources.js';
import { readVocabulary } from '../tokenize/vocabulary.js';

/** @typedef {import('../base/platform.js').Source} Source */

/**
 * The adapter's folder, with its files' names in it.
 * @param {Source} source the model's files, and the adapter's below ADAPTER
 * @returns {Source}
 */
export const adapterFolder = (source) => ({
  locate: (file) => source.locate(ADAPTER + file),
  open: (file, signal) => source.open(ADAPTER + file, signal),
});

/**
 * Reads the adapter's vocabulary if its folder has a tokenizer, since it may have added tokens.
 * @param {Source} source the model's files, and the adapter's below ADAPTER
 * @param {AbortSignal} signal
 * @returns {Promise<import('../tokenize/vocabulary.js').Vocabulary | undefined>} undefined if it has none; rejects as `readVocabulary`
 */
export async function readAdapterVocabulary(source, signal) {
  const folder = adapterFolder(source);
  if ('error' in (await readOptional(folder, 'tokenizer_config.json', signal))) return undefined;
  try {
    return await readVocabulary(folder, { signal });
  } catch (error) {
    if (error instanceof BertletError && error.code === 'FILE_NOT_FOUND') return undefined;
    throw error;
  }
}
