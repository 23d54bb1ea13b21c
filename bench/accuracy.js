// `npm run accuracy`: how good heads on the frozen encoder and adapters are, through the command line, beside what PyTorch and
// scikit-learn reach on the same data. Needs the data sets and adapters of ../shared.
//
//   --only WORDS   comma-separated words of the rows' names, such as rt-polarity,adapter
//   --dtypes LIST  f32, int8 (default: both)
//   --deep         instead: what tuning the encoder reaches, in f32, with the recipes of ../shared/anchors.md; from minutes to an hour a row
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWasm } from '../scripts/build.js';
import { defaultModel } from '../scripts/setup-model.js';
import { ensureModel, ensurePackages } from '../scripts/setup.js';
import { main, root, run } from '../scripts/shell.js';
import { printHead, printRow } from './markdown.js';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} command line; what begins with data/ or models/ is in ../shared; "a+b": SQuAD's files as one
 * @property {string[]} measures of what it prints
 * @property {string[]} [labels] the names that the head has for the numbers 0, 1, … in the tables
 * @property {string} reference in percent, as in ../shared/anchors.md; of GoEmotions scikit-learn on the same features, C = 100
 */

const WNUT = 'train --task token-classification --train data/wnut17/train.conll --dev data/wnut17/dev.conll';

/** @type {Row[]} */
const ROWS = [
  ...['rt-polarity 78.3', 'banking77 93.0', 'sms-spam 99.1'].map((line) => {
    const [name, reference] = line.split(' ');
    const command = `train --train data/${name}/train.tsv --dev data/${name}/test.tsv`;
    return { name, command, measures: ['accuracy'], reference };
  }),
  {
    name: 'goemotions',
    command: 'train --task multi-label --train data/goemotions/train_8000.tsv --dev data/goemotions/test.tsv',
    measures: ['micro_f1', 'macro_f1'],
    reference: '39.5/25.6',
  },
  { name: 'wnut17', command: WNUT, measures: ['f1'], reference: '45.1' },
  { name: 'wnut17 mlp', command: `${WNUT} --hidden-size 128`, measures: ['f1'], reference: '45.1' },
  {
    name: 'squad',
    command: 'train --task question-answering --train data/squad/train-5000.json --dev data/squad/dev-1000.json',
    measures: ['exact_match', 'f1'],
    reference: '7.0/12.3',
  },
  {
    name: 'banking77 8 and 64 a class, and words alone',
    command: 'learning-curve --train data/banking77/train.tsv --test data/banking77/test.tsv --sizes 8,64',
    measures: ['accuracy'],
    reference: '83.8 64.7 91.9 86.5',
  },
  ...[
    ['rt-polarity', 'sentiment-rt-polarity', 'test.tsv', 'accuracy', '85.5'],
    ['wnut17', 'entities-wnut17', 'dev.conll', 'f1', '54.6'],
    ['squad', 'qa-squad', 'dev-1000.json', 'exact_match f1', '61.6/73.1'],
  ].map(([data, adapter, test, measures, reference]) => ({
    name: `${data} adapter`,
    command: `evaluate --adapter demo/public/adapters/${adapter} --test data/${data}/${test}`,
    measures: measures.split(' '),
    ...(data === 'rt-polarity' && { labels: ['negative', 'positive'] }),
    reference,
  })),
];

const POLARITY = 'train --train data/rt-polarity/train.tsv --dev data/rt-polarity/test.tsv';
const LORA = '--method lora --rank 16 --alpha 32 --dropout 0.05 --learning-rate 1e-3 --warmup 0.1 --weight-decay 0.01';

/** @type {Row[]} */
const DEEP_ROWS = [
  {
    name: 'rt-polarity lora',
    command: `${POLARITY} ${LORA} --batch-size 32 --epochs 2`,
    measures: ['accuracy'],
    reference: '85.5',
  },
  { name: 'rt-polarity layers', command: `${POLARITY} --method layers`, measures: ['accuracy'], reference: '' },
  { name: 'rt-polarity full', command: `${POLARITY} --method full`, measures: ['accuracy'], reference: '' },
  {
    name: 'wnut17 lora',
    command: `${WNUT} ${LORA} --batch-size 16 --epochs 5`,
    measures: ['f1'],
    reference: '54.6',
  },
  {
    name: 'wnut17 lora crf',
    command: `${WNUT} ${LORA} --batch-size 16 --epochs 5 --crf`,
    measures: ['f1'],
    reference: 'better than 54.6',
  },
  {
    name: 'squad lora',
    command:
      'train --task question-answering --train data/squad/train-5000.json+data/squad/newwiki-v1.0.json ' +
      `--dev data/squad/dev-1000.json ${LORA} --batch-size 16 --epochs 2 --max-tokens 320 --stride 128`,
    measures: ['exact_match', 'f1'],
    reference: '61.6/73.1',
  },
];

/**
 * @param {Row} row
 * @param {string} dtype
 * @param {string} folder for heads
 * @returns {Promise<string>} what was measured, in percent
 */
async function measure({ command, measures, labels }, dtype, folder) {
  const args = command.split(' ');
  const pathOf = async (/** @type {string} */ arg) => {
    if (!/^(data|models)\//.test(arg)) return arg;
    const files = arg.split('+').map((file) => join(root, '../shared', file));
    if (labels) return nameLabels(files[0], labels, join(folder, 'named.tsv'));
    return files.length > 1 ? joinSquad(files, join(folder, 'joined.json')) : files[0];
  };
  const paths = await Promise.all(args.map(pathOf));
  const output = args[0] === 'train' ? ['--output', join(folder, 'head')] : [];
  const given = ['js/cli/main.js', ...paths, '--model', defaultModel, '--dtype', dtype, ...output];
  const { stdout } = await run(process.execPath, given, { capture: true });
  // What is said of answers is in percent already, as SQuAD's own script says it.
  const percent = (/** @type {Record<string, number>} */ found) =>
    measures.map((name) => (found[name] * ('exact_match' in found ? 1 : 100)).toFixed(2)).join('/');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(
      ({ dev, baseline, method, seconds, ...found }) =>
        percent(dev ?? found) +
        (baseline ? ` ${percent(baseline)}` : '') +
        (method && method !== 'head' ? ` (${Math.round(seconds / 60)} minutes)` : ''),
    )
    .join(' ');
}

/**
 * @param {string} file a table whose labels are numbers
 * @param {string[]} names by number
 * @param {string} output
 * @returns {Promise<string>} `output`
 */
async function nameLabels(file, names, output) {
  const rows = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await writeFile(output, rows.map((row) => row.replace(/\d+$/, (label) => names[Number(label)])).join('\n'));
  return output;
}

/**
 * @param {string[]} files in SQuAD's format
 * @param {string} output
 * @returns {Promise<string>} `output`
 */
async function joinSquad(files, output) {
  const parts = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8')).data));
  await writeFile(output, JSON.stringify({ version: '1.1', data: parts.flat() }));
  return output;
}

await main(async () => {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, dtypes: { type: 'string' }, deep: { type: 'boolean', default: false } },
  });
  const words = values.only?.split(',') ?? [''];
  const all = values.deep ? DEEP_ROWS : ROWS;
  const rows = all.filter(({ name }) => words.some((word) => name.includes(word)));
  if (rows.length === 0)
    throw new Error(`--only knows ${all.map(({ name }) => name).join(', ')}, not "${values.only}".`);
  if (!existsSync(join(root, '../shared/data')))
    throw new Error('The data sets are not here: ../shared/data is missing.');
  await ensurePackages();
  await buildWasm();
  await ensureModel();
  const dtypes = (values.dtypes ?? (values.deep ? 'f32' : 'f32,int8')).split(',');
  const folder = await mkdtemp(join(tmpdir(), 'bertlet-accuracy-'));
  printHead('percent', ...dtypes, 'reference');
  try {
    for (const row of rows) {
      const found = [];
      for (const dtype of dtypes) found.push(await measure(row, dtype, folder));
      printRow(row.name, ...found, row.reference);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
