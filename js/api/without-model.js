// What needs no model: fetched when it is called, since most pages have one.
import { fetchPart } from '../base/fetch-part.js';
import { guarded } from './guard.js';

/** @typedef {import('./tokenizer.js').StandaloneTokenizer} StandaloneTokenizer */
/** @typedef {import('../types.js').TrainedVocabulary} TrainedVocabulary */

/**
 * Loads a tokenizer without its model. It works on the calling thread, in a WebAssembly instance of its own.
 * @param {import('../types.js').ModelSpec} spec of a model; in Node also the path of a vocab.txt or tokenizer.json
 * @param {import('../types.js').TokenizerOptions} [options] `lowercase` overrides
 *   what the files say; the others are those of `load`
 * @returns {Promise<StandaloneTokenizer>} rejects with BAD_INPUT, FILE_NOT_FOUND, NETWORK, NOT_A_MODEL, BAD_CONFIG, BAD_VOCABULARY,
 *   NO_WASM or OUT_OF_MEMORY, or with the signal's reason
 */
export function loadTokenizer(spec, options) {
  return open(spec, options);
}

/** @type {typeof loadTokenizer} */
const open = guarded(async (...args) => (await fetchPart(() => import('./tokenizer.js'))).openTokenizer(...args));

/**
 * Trains a WordPiece vocabulary on texts: the pieces that Hugging Face's `BertWordPieceTokenizer.train` gives, in their order. It works on the
 * calling thread, at most some hundredths of a second at a time, and keeps different words in memory, not the texts.
 * @example
 * const { vocabulary, files } = await trainVocabulary(texts, { size: 8192 });
 * const tokenizer = await loadTokenizer(files);
 * @param {Iterable<string> | AsyncIterable<string>} texts
 * @param {import('../types.js').VocabularyOptions & import('../types.js').TaskOptions} [options] `onWarning` hears of it if the vocabulary has
 *   fewer or more pieces than `size`
 * @returns {Promise<TrainedVocabulary>} rejects with BAD_INPUT, NO_EXAMPLES if the texts have no word, TEXT_TOO_LONG for many millions of
 *   characters without a space, OUT_OF_MEMORY, also for more than eight million different words, NO_WASM or NETWORK, or with the signal's reason
 */
export function trainVocabulary(texts, options) {
  return train(texts, options);
}

/** @type {typeof trainVocabulary} */
const train = guarded(async (...args) =>
  (await fetchPart(() => import('./train-vocabulary.js'))).trainVocabulary(...args),
);

const fetchContents = () => fetchPart(() => import('../io/cache-contents.js'));

/**
 * What the cache holds: an entry for each model that was loaded, by place, adapter, dtype, and how the engine multiplies; in Node also one
 * for each model whose files were downloaded from the hub.
 * @returns {Promise<import('../types.js').CacheEntry[]>} the last used one first. Rejects with FILE_ACCESS or NETWORK
 */
export const listCache = async () => (await fetchContents()).listCache();

/**
 * Removes everything from the cache, downloaded files of the hub included, but nothing that the user put among them. Models that are loaded
 * stay as they are.
 * @returns {Promise<void>} rejects with FILE_ACCESS if a file can't be removed, after it has removed the others, or with NETWORK
 */
export const clearCache = async () => (await fetchContents()).clearCache();
