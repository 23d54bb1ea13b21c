// What Hugging Face's `tokenizers` makes of texts: of those in tests/fixtures, and, where the shared data is, of thousands more.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures, minilm, shared, unitOf, withoutMinilm } from '../support.js';

/**
 * @typedef {object} Line with [CLS] and [SEP]
 * @property {string} text
 * @property {number[]} ids
 * @property {[number, number][]} offsets in UTF-16 units
 * @property {number} [flags] bertlet_tokenizer_flags, in fixtures
 */

/**
 * @typedef {object} Golden
 * @property {string} name
 * @property {string} vocabulary vocab.txt or tokenizer.json
 * @property {boolean} [lowercase] where the file doesn't say, or says something else than the oracle did
 * @property {false | string} skip why it can't be compared here
 * @property {() => Line[]} read
 */

/** @param {string} path of JSON Lines @returns {any[]} */
export const readJsonLines = (path) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** With offsets in code points, in which Python counts, to UTF-16. @returns {Line} */
function toLine({ text, ids, off, flags }) {
  const unit = unitOf(text);
  return { text, ids, offsets: off.map(([start, end]) => [unit(start), unit(end)]), flags };
}

/** @param {string} name of a file in tests/fixtures/tokenizer */
export const readFixture = (name) => readJsonLines(join(fixtures, 'tokenizer', `${name}.jsonl`)).map(toLine);

const folder = join(shared, 'tokenizer-golden');
export const withoutShared = existsSync(folder) ? false : '../shared/data is absent';

/** @param {string} model */
function readShared(model) {
  const encodings = readJsonLines(join(folder, `${model}.ids.jsonl`));
  return readJsonLines(join(folder, 'texts.jsonl')).map(({ text }, i) => toLine({ text, ...encodings[i] }));
}

/** Cut vocabularies. @type {Golden[]} */
const cut = Object.entries({ uncased: true, cased: false, chinese: true, 'multilingual-cased': false }).map(
  ([name, lowercase]) => ({
    name: `${name}, cut`,
    vocabulary: join(fixtures, 'tokenizer', `${name}.vocab.txt`),
    lowercase,
    skip: false,
    read: () => readFixture(name),
  }),
);

/** The vocabulary of bert-base-uncased, as all-MiniLM-L6-v2 has it. @type {Golden[]} */
const whole = ['vocab.txt', 'tokenizer.json'].map((file) => ({
  name: `bert-base-uncased from ${file}`,
  vocabulary: join(minilm, file),
  skip: withoutMinilm,
  read: () => readFixture('bert-base-uncased'),
}));

/** @type {Golden[]} */
const all = [
  ['bert-base-uncased', 'vocab.txt'],
  ['bert-base-cased', 'vocab.txt', false],
  ['bert-base-chinese', 'vocab.txt', true],
  ['bert-base-multilingual-cased', 'tokenizer.json'],
  ['bert-base-uncased', 'tokenizer.json'],
  ['bert-base-chinese', 'tokenizer.json', true],
].map(([model, file, lowercase]) => ({
  name: `${model} from ${file}, all lines`,
  vocabulary: join(shared, 'vocab', `${model}-${file}`),
  lowercase,
  skip: withoutShared,
  read: () => readShared(model),
}));

export const goldens = [...cut, ...whole, ...all];
