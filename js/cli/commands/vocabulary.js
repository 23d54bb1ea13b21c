// bertlet vocabulary: trains a WordPiece vocabulary on texts. It needs no model.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { trainVocabulary } from '../../index.js';
import { integer, required, truth } from '../lib/arguments.js';
import { readTexts } from '../lib/input.js';
import { checkVocabularyOutput, writeVocabulary } from '../lib/vocabulary-output.js';

export const summary = 'train a WordPiece vocabulary on texts';

export const help = `Usage: bertlet vocabulary --train FILE --output PATH/vocab.txt [options] [FILE …]

Trains a vocabulary on texts, as Hugging Face's BertWordPieceTokenizer does. Writes it to PATH/vocab.txt, and how texts are normalized for it
to PATH/tokenizer_config.json, without which it would be taken for a lowercased one: name the folder PATH where a tokenizer is asked for. Prints
a JSON summary.

  --train FILE               texts, one per line; "-" is standard input
  --size N                   pieces that it is to have, special tokens included (default: 30000)
  --cased                    keep capital letters and accents
  --strip-accents true|false
                             whether accents are taken off letters (default: true, with --cased false)
  --split-chinese true|false
                             whether each Chinese character is a word of its own (default: true)
  --min-frequency N          how often two pieces must stand side by side to become one (default: 2)
  --limit-alphabet N         how many different characters are kept, the most frequent ones (default: 1000)
  --json                     each line is a JSON string, so that a text may hold line ends
  --output PATH/vocab.txt    file to write; what an earlier run has written there is replaced
  FILE …                     more files of texts`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  train: { type: 'string' },
  size: { type: 'string' },
  cased: { type: 'boolean' },
  'strip-accents': { type: 'string' },
  'split-chinese': { type: 'string' },
  'min-frequency': { type: 'string' },
  'limit-alphabet': { type: 'string' },
  json: { type: 'boolean' },
  output: { type: 'string' },
};

export const maxFiles = Infinity;

/** @typedef {import('../lib/command.js').Context} Context */

/** @param {Context} context */
export async function run(context) {
  const { values, files, signal, output, progress } = context;
  const path = required(values, 'output', 'my-vocabulary/vocab.txt');
  const paths = [required(values, 'train', 'texts.txt'), ...files];
  const given = {
    size: integer(values, 'size', 1),
    minFrequency: integer(values, 'min-frequency', 1),
    limitAlphabet: integer(values, 'limit-alphabet', 1),
    lowercase: values.cased !== true,
    stripAccents: truth(values, 'strip-accents'),
    splitChinese: truth(values, 'split-chinese'),
  };
  await checkVocabularyOutput(path);
  const {
    vocabulary,
    files: written,
    ...counts
  } = await trainVocabulary(textsOf(paths, context), {
    ...given,
    signal,
    onProgress: progress.report,
    onWarning: (message) => progress.warn(message),
  });
  await writeVocabulary(path, written);
  const { texts, words, distinctWords } = counts;
  await output.write([
    { output: path, folder: dirname(path), pieces: vocabulary.length, texts, words, distinct_words: distinctWords },
  ]);
}

/**
 * The texts of all files. How far it is, is told here, where it is known how large they are.
 * @param {string[]} paths
 * @param {Context} context
 * @returns {AsyncGenerator<string, void, void>}
 */
async function* textsOf(paths, { values, signal, progress }) {
  const sizes = await Promise.all(paths.map((path) => (path === '-' ? 0 : sizeOf(path))));
  const total = sizes.reduce((sum, size) => sum + size);
  let loaded = 0;
  for (const path of paths) {
    for await (const { texts } of readTexts(path, { json: values.json === true, signal })) {
      yield* texts;
      for (const text of texts) loaded += Buffer.byteLength(text) + 1;
      if (loaded < total) progress.report({ phase: 'words', loaded, total });
    }
  }
}

/** Bytes of a file; 0 if it can't be asked: reading it says why. @param {string} path */
const sizeOf = (path) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
