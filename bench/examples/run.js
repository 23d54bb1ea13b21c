// `npm run accuracy:examples`: what a few examples of each label are worth, by each method of `fit`, and beside them contrastive tuning in
// PyTorch with the same recipe on the same examples. The tables of docs/fine-tuning.md. Needs the data of ../shared, and an environment of
// Python (see training/torch.js). A minute or more for each cell and draw.
//
//   --data WORDS    comma-separated (default: rt-polarity,sms-spam,banking77)
//   --sizes LIST    examples of each label (default: 8,64)
//   --draws N       (default: 3)
//   --methods LIST  head, contrastive, lora, torch (default: these), contrastive-full, contrastive-layers: weights instead of adapters, in f32
//   --dtype f32|int8  of the model (default: int8)
//   --threads N     of both sides (default: 1)
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { range } from '../../js/base/numbers.js';
import { load } from '../../js/index.js';
import { buildWasm } from '../../scripts/build.js';
import { ensureModel, ensurePackages } from '../../scripts/setup.js';
import { main, root } from '../../scripts/shell.js';
import { printHead, printRow } from '../markdown.js';
import { ensureTorch, startPython } from '../training/torch.js';

const DATA = join(root, '../shared/data');

/** Test examples at most: the rest is left out by chance. */
const MOST_TESTS = 1100;

/** The defaults of method 'contrastive', for PyTorch. */
const RECIPE = {
  batchSize: 16,
  rank: 16,
  alpha: 32,
  dropout: 0.05,
  learningRate: 1e-3,
  warmup: 0.1,
  weightDecay: 0.01,
  maxNorm: 1,
  maxTokens: 128,
};

/** @typedef {{ accuracy: number, note?: string }} Found */

/**
 * @param {{ data: string[], sizes: number[], draws: number, methods: string[], dtype: 'f32' | 'int8', threads: number }} options
 */
async function measure({ data, sizes, draws, methods, dtype, threads }) {
  const { readExamples } = await import('../../js/cli/data/examples.js'); // with a package that is there only now
  const model = await ensureModel();
  const bert = await load(model, { dtype, threads });
  const { ask, end } = startPython(await ensureTorch(), ['examples/few.py']);
  const columns = methods.flatMap((method) => (method === 'torch' ? ['PyTorch, frozen', 'PyTorch, tuned'] : [method]));
  printHead('data', 'of each label', ...columns);
  for (const name of data) {
    const [trainFile, testFile] = ['train', 'test'].map((part) => join(DATA, name, `${part}.tsv`));
    const [train, test] = await Promise.all(
      [trainFile, testFile].map((file) => readExamples(file, 'text-classification')),
    );
    for (const size of sizes) {
      const seeds = range(0, draws);
      const drawn = await ask({ draw: trainFile, size, seeds, test: testFile, most: MOST_TESTS });
      const tests = drawn.test.map((/** @type {number} */ row) => test[row]);
      /** @type {Found[][]} of each column, each draw */
      const found = columns.map(() => []);
      for (const seed of seeds) {
        const examples = drawn.draws[seed].map((/** @type {number} */ row) => train[row]);
        const ofDraw = [];
        let rounds = 0;
        for (const method of methods.filter((one) => one !== 'torch')) {
          const { accuracy, report } = await fitBy(method, bert, examples, tests, seed);
          ofDraw.push({ accuracy, note: report?.comparison?.kept });
          rounds = report?.rounds ?? rounds;
        }
        if (methods.includes('torch')) {
          const sides = [examples, tests].map((list) => ({
            texts: list.map((/** @type {{ text: string }} */ { text }) => text),
            labels: list.map((/** @type {{ label: string }} */ { label }) => label),
          }));
          const recipe = { ...RECIPE, rounds };
          const { frozen, tuned } = await ask({ ...sides[0], test: sides[1], model, recipe, seed, threads });
          ofDraw.push({ accuracy: frozen }, { accuracy: tuned });
        }
        ofDraw.forEach((one, column) => found[column].push(one));
      }
      printRow(name, String(size), ...found.map(say));
    }
  }
  end();
  await bert.dispose();
}

/**
 * Trains by a method, and measures. Weights are tuned in a model of their own, which is gone then.
 * @param {string} name of the method, and perhaps what it tunes
 * @param {import('../../js/index.js').Model} bert
 * @param {any[]} examples
 * @param {any[]} tests
 * @param {number} seed
 */
async function fitBy(name, bert, examples, tests, seed) {
  const [method, tune] = /** @type {any[]} */ (name.split('-'));
  const { model, threads } = bert.info;
  const own = tune ? await load(model, { dtype: 'f32', threads }) : bert;
  try {
    const head = await own.fit(examples, { method, tune, seed });
    return { accuracy: (await head.evaluate(tests)).accuracy, report: head.report };
  } finally {
    if (tune) await own.dispose();
  }
}

/** The mean, and of each draw. @param {Found[]} found */
function say(found) {
  const percent = (/** @type {number} */ share) => (100 * share).toFixed(1);
  const mean = found.reduce((sum, { accuracy }) => sum + accuracy, 0) / found.length;
  const each = found.map(({ accuracy, note }) => percent(accuracy) + (note ? ` ${note}` : ''));
  return `${percent(mean)} (${each.join(', ')})`;
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: 'rt-polarity,sms-spam,banking77' },
      sizes: { type: 'string', default: '8,64' },
      draws: { type: 'string', default: '3' },
      methods: { type: 'string', default: 'head,contrastive,lora,torch' },
      dtype: { type: 'string', default: 'int8' },
      threads: { type: 'string', default: '1' },
    },
  });
  if (!existsSync(DATA)) throw new Error('The data sets are not here: ../shared/data is missing.');
  const methods = values.methods.split(',');
  if (methods.includes('torch') && !methods.includes('contrastive'))
    throw new Error('--methods torch goes with contrastive, whose number of rounds it takes.');
  await ensurePackages();
  await buildWasm();
  await measure({
    data: values.data.split(','),
    sizes: values.sizes.split(',').map(Number),
    draws: Number(values.draws),
    methods,
    dtype: /** @type {'f32' | 'int8'} */ (values.dtype),
    threads: Number(values.threads),
  });
});
