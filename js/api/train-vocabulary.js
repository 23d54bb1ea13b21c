// A vocabulary of one's own, trained on the calling thread.
import { BertletError, fromWire, toWire } from '../errors.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { writeVocabularyFiles } from '../tokenize/tokenizer-files.js';
import { trainPieces } from '../tokenize/train-pieces.js';
import { toFlags } from '../tokenize/vocabulary.js';
import { createWordCounter } from '../tokenize/words.js';
import { callOptions } from './call-options.js';
import { checkChoice, checkInteger } from './options.js';

/** @typedef {import('../rpc/serve.js').Context} Context */

/** @typedef {import('../types.js').VocabularyOptions & import('../types.js').TaskOptions} TrainingOptions */

/**
 * What `trainVocabulary` does.
 * @param {Iterable<string> | AsyncIterable<string>} texts
 * @param {TrainingOptions} [options]
 * @returns {Promise<import('../types.js').TrainedVocabulary>}
 */
export async function trainVocabulary(
  texts,
  {
    size = 30000,
    minFrequency = 2,
    limitAlphabet = 1000,
    lowercase = true,
    stripAccents = lowercase,
    splitChinese = true,
    ...taskOptions
  } = {},
) {
  checkInteger('size', size);
  checkInteger('minFrequency', minFrequency);
  checkInteger('limitAlphabet', limitAlphabet);
  for (const [name, value] of Object.entries({ lowercase, stripAccents, splitChinese }))
    checkChoice(name, value, [true, false]);
  const { signal = new AbortController().signal, onEvent, progress } = callOptions(taskOptions);
  signal.throwIfAborted();
  const context = {
    signal,
    progress,
    emit(/** @type {unknown} */ event) {
      if (!signal.aborted) onEvent?.(event);
    },
  };
  const flags = toFlags({ lowercase, stripAccents, splitChinese });
  try {
    const { count, words } = await countWords(texts, flags, context);
    signal.throwIfAborted();
    const { total, counts } = words;
    if (total === 0)
      throw new BertletError('NO_EXAMPLES', 'There is no word in the texts, of which a vocabulary could be made.');
    const distinctWords = counts.size;
    const vocabulary = await findPieces(counts, { size, minFrequency, limitAlphabet }, context);
    signal.throwIfAborted();
    const warning = aboutSize(vocabulary.length, { size, minFrequency });
    if (warning) context.emit({ warning });
    return { vocabulary, files: writeVocabularyFiles(vocabulary, flags), texts: count, words: total, distinctWords };
  } catch (error) {
    const wire = toWire(error);
    throw wire.code === 'OUT_OF_MEMORY' ? fromWire(wire) : error; // engines have no such code
  }
}

/**
 * @param {Iterable<string> | AsyncIterable<string>} texts
 * @param {number} flags bertlet_tokenizer_flags
 * @param {Context} context
 * @returns {Promise<{ count: number, words: import('../tokenize/words.js').WordCounter }>} `count` of the texts
 */
async function countWords(texts, flags, context) {
  const isIterable = Object(texts) === texts && (Symbol.iterator in texts || Symbol.asyncIterator in texts);
  if (!isIterable) throw new BertletError('BAD_INPUT', 'The texts must be an array of strings, or iterable.');
  const words = await createWordCounter(flags);
  const report = progressReporter(context, 'words');
  const pause = createPause(context);
  const total = Array.isArray(texts) ? texts.length : Infinity; // of others it is known when the last has come
  let count = 0;
  for await (const text of texts) {
    if (typeof text !== 'string')
      throw new BertletError('BAD_INPUT', `Text ${count} is not a string, but of type ${typeof text}.`);
    words.add(text);
    count += 1;
    if (count < total && total < Infinity) report(count, total);
    await pause();
  }
  words.flush();
  report(count, count);
  return { count, words };
}

/**
 * @param {Map<string, number>} counts of words
 * @param {import('../tokenize/train-pieces.js').PieceOptions} options
 * @param {Context} context
 * @returns {Promise<string[]>}
 */
async function findPieces(counts, options, context) {
  const report = progressReporter(context, 'pieces');
  const pause = createPause(context);
  const { size } = options;
  const training = trainPieces(counts, options, (pieces) => {
    if (pieces < size) report(pieces, size);
  });
  for (;;) {
    const { done, value } = training.next();
    if (done) {
      report(size, size);
      return value;
    }
    await pause();
  }
}

/**
 * What there is to say of a vocabulary that is not as large as it was to be.
 * @param {number} pieces
 * @param {{ size: number, minFrequency: number }} options
 */
function aboutSize(pieces, { size, minFrequency }) {
  if (pieces < size)
    return (
      `The texts fill ${pieces} of the ${size} pieces that the vocabulary is to have: ` +
      `no other two pieces stand side by side ${minFrequency === 1 ? 'anywhere' : `as often as ${minFrequency} times`}. More texts have more.`
    );
  if (pieces > size)
    return (
      `The vocabulary has ${pieces} pieces, not ${size}: the special tokens and the characters of the texts alone are so many. ` +
      'Ask for a larger one, or for fewer characters by limitAlphabet.'
    );
  return undefined;
}
