// Reads a file of labelled examples for any task, and finds out its format.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { BertletError } from '../../errors.js';
import { fileError } from '../../node/file-error.js';
import { required } from '../lib/arguments.js';
import { badFile } from './bad-data.js';
import { readClassification, readMultiLabel, readScored } from './classification.js';
import { readConll, readTaggedJsonLines } from './conll.js';
import { nameLabels, readLabels } from './labels.js';
import { readPairs } from './pairs.js';
import { readSquad } from './squad.js';
import { decode, tooLarge } from '../lib/files.js';

export { checkLabels, labelsOf } from './labels.js';

/** @typedef {import('./classification.js').TableFormat} TableFormat */
/** @typedef {TableFormat | 'conll' | 'squad'} Format */
/** @typedef {import('./classification.js').Example} Example */
/** @typedef {import('./classification.js').MultiLabelExample} MultiLabelExample */
/** @typedef {import('./classification.js').ScoredExample} ScoredExample */
/** @typedef {import('./conll.js').TaggedSentence} TaggedSentence */
/** @typedef {import('./squad.js').Question} Question */
/** @typedef {import('./pairs.js').PairExample} PairExample */
/** @typedef {import('./labels.js').Labelled} Labelled */

/**
 * @typedef {object} ExampleOf
 * @property {Example} text-classification
 * @property {MultiLabelExample} multi-label
 * @property {ScoredExample} regression
 * @property {TaggedSentence} token-classification
 * @property {Question} question-answering
 * @property {PairExample} sentence-similarity
 */

/** @typedef {keyof ExampleOf} Task */

/** All formats. @type {Format[]} */
export const formats = ['tsv', 'csv', 'jsonl', 'conll', 'squad'];

/** Formats by the extension of a file's name. @type {Record<string, Format>} */
const extensions = {
  '.tsv': 'tsv',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.conll': 'conll',
  '.bio': 'conll',
  '.iob': 'conll',
};

/** The formats of each task. @type {Record<Task, Format[]>} */
const formatsOf = {
  'text-classification': ['tsv', 'csv', 'jsonl'],
  'multi-label': ['tsv', 'csv', 'jsonl'],
  regression: ['tsv', 'csv', 'jsonl'],
  'token-classification': ['conll', 'jsonl'],
  'question-answering': ['squad'],
  'sentence-similarity': ['tsv', 'csv', 'jsonl'],
};

/**
 * Reads a file of labelled examples; empty lines are skipped. A format that is not given is found by the extension or the content; the
 * other files of this folder describe the formats. Throws FILE_NOT_FOUND, FILE_ACCESS or BAD_INPUT if the file can't be read as text,
 * NO_EXAMPLES, BAD_DATA or BAD_LABELS.
 * @template {Task} T
 * @param {string} path
 * @param {T} task
 * @param {{ format?: Format, labels?: string[], table?: import('./columns.js').TableOptions, maxScore?: number, warn?: (message: string) => void }} [options]
 *   `labels`: names for labels that are given by index; `table`: what is known of its columns; `maxScore`: of pairs, see `readPairs`; `warn`: called
 *   for what was corrected or seems wrong
 * @returns {Promise<ExampleOf[T][]>} at least one
 */
export async function readExamples(path, task, { format, labels, table, maxScore, warn = () => {} } = {}) {
  const text = await readText(path);
  if (text.trim() === '') throw new BertletError('NO_EXAMPLES', `${path} is empty: there are no examples in it.`);
  if (task !== 'question-answering' && isArray(text))
    throw badFile(
      path,
      'this is one JSON array; write its objects one per line, without brackets and commas around them',
    );
  const chosen = format ?? formatOf(text, path, task, table?.delimiter);
  if (!formatsOf[task].includes(chosen)) {
    const known = {
      conll: ', which is for --task token-classification',
      squad: ', which is for --task question-answering',
    };
    const remedy = chosen in known ? known[/** @type {'conll'} */ (chosen)] : '';
    throw badFile(path, `this is taken for ${chosen}${remedy}; ${task} reads ${formatsOf[task].join(', ')}`);
  }
  const given = Object.values({ ...table }).some((value) => value !== undefined);
  if (given && chosen !== 'tsv' && chosen !== 'csv')
    throw badFile(path, `this is taken for ${chosen}; options for columns, headers and delimiters are for tsv and csv`);
  const examples = readers[task](chosen, text, path, warn, table, maxScore);
  if (examples.length === 0) {
    const problems = { conll: 'there are no sentences in it', squad: 'there are no questions in it' };
    const problem = problems[/** @type {'conll'} */ (chosen)] ?? 'it holds nothing but a header';
    throw new BertletError('NO_EXAMPLES', `${path}: ${problem}.`);
  }
  if (labels) nameLabels(/** @type {Labelled[]} */ (examples), path, labels);
  return /** @type {ExampleOf[T][]} */ (examples);
}

/** @type {{ [T in Task]: (format: any, text: string, path: string, warn: (message: string) => void, table?: import('./columns.js').TableOptions, maxScore?: number) => ExampleOf[T][] }} */
const readers = {
  'text-classification': readClassification,
  'multi-label': readMultiLabel,
  regression: readScored,
  'token-classification': (format, text, path) => (format === 'conll' ? readConll : readTaggedJsonLines)(text, path),
  'question-answering': (_, text, path, warn) => readSquad(text, path, warn),
  'sentence-similarity': readPairs,
};

/**
 * Reads a file of label names. Throws FILE_NOT_FOUND, FILE_ACCESS, BAD_INPUT, BAD_DATA or BAD_LABELS.
 * @param {string} path labels.json or a file with a name per line
 * @returns {Promise<string[]>} at least one
 */
export async function readLabelFile(path) {
  const labels = readLabels(await readText(path), path);
  if (labels.length === 0) throw new BertletError('BAD_LABELS', `${path}: there are no labels in it.`);
  return labels;
}

/**
 * The label names of the file that the option `--labels` names; undefined without it.
 * @param {import('../lib/arguments.js').Values} values
 * @returns {Promise<string[] | undefined>}
 */
export async function readGivenLabels(values) {
  return values.labels === undefined ? undefined : readLabelFile(required(values, 'labels', 'labels.txt'));
}

/** A file as text. @param {string} path */
async function readText(path) {
  const bytes = await readFile(path).catch((error) => {
    throw error.code === 'ERR_FS_FILE_TOO_LARGE' ? tooLarge(path) : fileError(error, path);
  });
  return decode(bytes, path);
}

/**
 * Finds out the format of a file. Throws BAD_DATA if it looks like none.
 * @param {string} text
 * @param {string} path
 * @param {Task} task
 * @param {string} [delimiter] what is known to stand between cells
 * @returns {Format}
 */
function formatOf(text, path, task, delimiter) {
  const byExtension = extensions[extname(path).toLowerCase()];
  const first = text.trimStart().split('\n', 1)[0];
  if (task === 'question-answering' || isSquad(text)) return 'squad';
  if (task === 'token-classification') return byExtension === 'jsonl' || first.startsWith('{') ? 'jsonl' : 'conll';
  if (isConll(text)) return 'conll';
  if (byExtension) return byExtension;
  if (first.startsWith('{')) return 'jsonl';
  if (delimiter !== undefined) return delimiter === '\t' ? 'tsv' : 'csv';
  if (first.includes('\t')) return 'tsv';
  if (/[,;|]/.test(first)) return 'csv';
  const [examples, second] = task === 'sentence-similarity' ? ['pairs', 'text_pair'] : ['labelled examples', 'label'];
  throw new BertletError(
    'BAD_DATA',
    `${path} doesn't look like ${examples}. Each line should be text<TAB>${second}, or text,${second}, or ` +
      `{"text": "…", "${second}": "…"}; --format tsv, csv or jsonl says which.`,
  );
}

/** Whether it looks like SQuAD's JSON. */
const isSquad = (/** @type {string} */ text) =>
  /^\s*\{/.test(text) && /"paragraphs"\s*:\s*\[/.test(text.slice(0, 10_000));

/** Whether it is a JSON array of objects, rather than a text that begins with a bracket. @param {string} text */
function isArray(text) {
  if (!/^\s*\[\s*\{/.test(text)) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Whether each of the first lines ends in a tag, and at least one of these is not O. @param {string} text */
function isConll(text) {
  const lines = text.split(/\r?\n/, 1000).filter((line) => line.trim() !== '' && !line.startsWith('-DOCSTART-'));
  const tags = lines.map((line) => /[\t ](O|[BIELSU]-\S+)$/.exec(line)?.[1]);
  return tags.every(Boolean) && tags.some((tag) => tag !== 'O');
}

/**
 * Options for a call that works on examples: signal, progress, and warnings that name the files and lines of examples.
 * @param {import('../lib/command.js').Context} context
 * @param {{ file: string, examples: { line?: number }[] }[]} sources in the order in which the call gets their examples
 */
export function listeners({ signal, progress }, ...sources) {
  /** @type {(message: string, texts?: number[]) => void} */
  const onWarning = (message, texts) => {
    // Questions have no line; and warnings that name lines are about texts that were cut, which questions never are.
    if (!texts || sources.some(({ examples }) => examples[0]?.line === undefined)) return progress.warn(message);
    let first = 0;
    for (const { file, examples } of sources) {
      const indices = texts.map((index) => index - first).filter((index) => examples[index]);
      if (indices.length > 0) progress.warnAbout(file, (index) => Number(examples[index].line))(message, indices);
      first += examples.length;
    }
  };
  return { signal, onProgress: progress.report, onWarning };
}
