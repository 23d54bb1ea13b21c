// `npm run accuracy:pretraining`: what pre-training brings, beside PyTorch with the same recipe, both from nothing. Needs the texts of
// ../shared, and an environment of Python (see training/torch.js). Hours, unless --steps says less.
//
//   --steps N      of pre-training (default: 1000)
//   --seeds LIST   (default: 0,1,2)
//   --threads N    of both sides (default: 1)
//   --only WORDS   comma-separated: pretrain, tasks, continued
//   --output DIR   keeps the models, and takes those that are there already (default: none)
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeModelFolder } from '../../js/cli/lib/model-folder.js';
import { createModel, trainVocabulary } from '../../js/index.js';
import { buildWasm } from '../../scripts/build.js';
import { defaultModel } from '../../scripts/setup-model.js';
import { ensureModel, ensurePackages } from '../../scripts/setup.js';
import { main, root, run } from '../../scripts/shell.js';
import { printHead, printRow } from '../markdown.js';
import { ensureTorch, startPython } from '../training/torch.js';

const WIKI = join(root, '../shared/data/wiki-paragraphs');
const POLARITY = join(root, '../shared/data/rt-polarity');
const WNUT = join(root, '../shared/data/wnut17');

/** Pieces of the vocabulary. */
const SIZE = 8192;
const ARCHITECTURE = { layers: 4, hiddenSize: 128, heads: 4, intermediateSize: 512 };
const RECIPE = {
  batchSize: 32,
  maxTokens: 128,
  learningRate: 1e-3,
  warmup: 0.1,
  weightDecay: 0.01,
  maxNorm: 1,
  mlmProbability: 0.15,
};

/** What brings a model of that size furthest: sentences one by one, and no dropout. */
const LONG_RECIPE = { batchSize: 64, maxTokens: 64, learningRate: 2e-3, warmup: 0.05, weightDecay: 0.01 };
const LONG_STEPS = 11000;

/** How tasks are learnt on top of it, with the dropout that BERT has. */
const FINE_TUNING = '--method full --learning-rate 1e-3 --warmup 0.1 --weight-decay 0.01';
const TASKS = {
  'rt-polarity': `--epochs 4 --batch-size 32 --train ${POLARITY}/train.tsv --dev ${POLARITY}/test.tsv`,
  wnut17: `--task token-classification --epochs 5 --batch-size 16 --train ${WNUT}/train.conll --dev ${WNUT}/dev.conll`,
};
const DROPOUT = 0.1;

/** Paragraphs that the models have not seen. */
const HELD_OUT = 400;

/** @typedef {{ loss: number, accuracy: number }} Found */

/** @param {{ steps: number, seeds: number[], threads: number, only: string[], folder: string }} options */
async function measure({ steps, seeds, threads, only, folder }) {
  const chosen = (/** @type {string} */ name) => only.length === 0 || only.includes(name);
  const heldOut = join(folder, 'held-out.txt');
  const paragraphs = (await readFile(join(WIKI, 'test.txt'), 'utf8')).split('\n').filter((line) => line.trim() !== '');
  await writeFile(heldOut, paragraphs.slice(0, HELD_OUT).join('\n'));
  const vocabulary = await ownVocabulary(folder);
  const given = { steps, threads, folder, vocabulary };
  const { ask, end } = startPython(await ensureTorch(), ['pretraining/pretrain.py']);
  if (chosen('pretrain')) {
    printHead('seed', 'bertlet loss / accuracy', 'PyTorch loss / accuracy', 'minutes', "PyTorch's minutes");
    const evaluate = (/** @type {string} */ model) =>
      ask({ evaluate: model, texts: heldOut, maxTokens: RECIPE.maxTokens, separate: false });
    /** @type {Found[][]} */
    const found = [[], []];
    for (const seed of seeds) {
      const own = await pretrained(given, seed);
      const theirs = await pretrainedByTorch(given, seed, ask);
      const both = [await evaluate(own.model), await evaluate(theirs.model)];
      both.forEach((one, side) => found[side].push(one));
      printRow(String(seed), ...both.map(say), minutes(own.seconds), minutes(theirs.seconds));
    }
    const loss = (/** @type {number} */ side) => mean(found[side].map((one) => one.loss));
    printRow('mean', loss(0).toFixed(3), loss(1).toFixed(3), `${(100 * (loss(0) / loss(1) - 1)).toFixed(2)} %`, '');
  }
  end();
  if (chosen('tasks')) {
    printHead('seed', ...Object.keys(TASKS).flatMap((name) => [`${name} on random weights`, 'on pre-trained ones']));
    const model = await pretrainedLong(given);
    for (const seed of seeds) {
      const random = await randomModel(given, seed);
      const found = [];
      for (const task of Object.values(TASKS))
        for (const one of [random, model]) found.push(await learn(`${task} ${FINE_TUNING} --seed ${seed}`, one, given));
      printRow(String(seed), ...found);
    }
  }
  if (chosen('continued')) {
    printHead('MiniLM', 'frozen', 'LoRA');
    const task = `--train ${POLARITY}/train.tsv --dev ${POLARITY}/test.tsv`;
    const lora = '--method lora --epochs 2 --batch-size 32 --learning-rate 1e-3';
    for (const [name, model] of [
      ['as it is', defaultModel],
      ["continued on the task's texts", await continued(given)],
    ])
      printRow(name, await learn(task, model, given), await learn(`${task} ${lora}`, model, given));
  }
}

/** @typedef {{ steps: number, threads: number, folder: string, vocabulary: string[] }} Given */

/** @param {string} folder @returns {Promise<string[]>} the pieces; they are in vocab.txt, too */
async function ownVocabulary(folder) {
  const texts = (await readFile(join(WIKI, 'train.txt'), 'utf8')).split('\n');
  const { vocabulary } = await trainVocabulary(texts, { size: SIZE });
  await writeFile(join(folder, 'vocab.txt'), `${vocabulary.join('\n')}\n`);
  return vocabulary;
}

/**
 * A model that bertlet has pre-trained from nothing.
 * @param {Given} given
 * @param {number} seed
 * @returns {Promise<{ model: string, seconds: number }>} its folder
 */
async function pretrained({ steps, threads, folder }, seed) {
  const model = join(folder, `bertlet-${steps}-${seed}`);
  const { layers, hiddenSize, heads } = ARCHITECTURE;
  return once(model, async () => {
    const { stdout } = await bertlet(
      `pretrain --train ${WIKI}/train.txt --vocabulary ${folder}/vocab.txt --layers ${layers} --hidden-size ${hiddenSize} --heads ${heads} ` +
        `${options(RECIPE)} --mlm-probability ${RECIPE.mlmProbability} --steps ${steps} --seed ${seed} --threads ${threads} --output ${model}`,
    );
    return JSON.parse(stdout).seconds;
  });
}

/** @param {Given} given @param {number} seed @param {import('../training/suite.js').Ask} ask */
async function pretrainedByTorch({ steps, threads, folder }, seed, ask) {
  const model = join(folder, `torch-${steps}-${seed}`);
  const architecture = {
    num_hidden_layers: ARCHITECTURE.layers,
    hidden_size: ARCHITECTURE.hiddenSize,
    num_attention_heads: ARCHITECTURE.heads,
    intermediate_size: ARCHITECTURE.intermediateSize,
  };
  return once(model, async () => {
    const recipe = { ...RECIPE, steps };
    const train = join(WIKI, 'train.txt');
    const request = { pretrain: train, vocabulary: join(folder, 'vocab.txt'), architecture, recipe, seed, threads };
    return (await ask({ ...request, output: model })).seconds;
  });
}

/** A model that has learnt nothing. @param {Given} given @param {number} seed @returns {Promise<string>} its folder */
async function randomModel({ folder, vocabulary }, seed) {
  const model = join(folder, `random-${seed}`);
  const { maxTokens } = RECIPE;
  const bert = await createModel({ ...ARCHITECTURE, vocabulary, seed, maxTokens, dropout: DROPOUT });
  await writeModelFolder(model, await bert.save());
  await bert.dispose();
  return model;
}

/**
 * A model that has learnt from the sentences of the paragraphs and from the texts that are to be classified, without their labels.
 * @param {Given} given
 * @returns {Promise<string>} its folder
 */
async function pretrainedLong({ threads, folder }) {
  const model = join(folder, 'long');
  const texts = join(folder, 'sentences.txt');
  const paragraphs = (await readFile(join(WIKI, 'train.txt'), 'utf8')).trimEnd();
  const sentences = paragraphs.split(/\n|(?<=[.!?]) +(?=[A-Z])/);
  await writeFile(texts, [...sentences, ...(await polarityTexts())].join('\n'));
  const { layers, hiddenSize, heads } = ARCHITECTURE;
  await once(model, async () => {
    const { stdout } = await bertlet(
      `pretrain --train ${texts} --separate --vocabulary ${folder}/vocab.txt --layers ${layers} --hidden-size ${hiddenSize} --heads ${heads} ` +
        `--dropout 0 ${options(LONG_RECIPE)} --steps ${LONG_STEPS} --validation 0.03 --threads ${threads} --output ${model}`,
    );
    process.stderr.write(stdout);
    const file = join(model, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8'));
    const dropout = { hidden_dropout_prob: DROPOUT, attention_probs_dropout_prob: DROPOUT };
    await writeFile(file, JSON.stringify({ ...config, ...dropout }));
    return JSON.parse(stdout).seconds;
  });
  return model;
}

/** The texts of rt-polarity's training part. */
async function polarityTexts() {
  const rows = (await readFile(join(POLARITY, 'train.tsv'), 'utf8')).trimEnd().split('\n');
  return rows.map((row) => row.slice(0, row.lastIndexOf('\t')));
}

/** MiniLM, pre-trained further on the texts that are to be classified, without their labels. @param {Given} given @returns {Promise<string>} */
async function continued({ threads, folder }) {
  const model = join(folder, 'continued');
  const texts = join(folder, 'polarity.txt');
  await writeFile(texts, (await polarityTexts()).join('\n'));
  await once(model, async () => {
    const { stdout } = await bertlet(
      `pretrain --model ${defaultModel} --train ${texts} --separate --method lora --validation 0.05 --threads ${threads} --output ${model}`,
    );
    process.stderr.write(stdout);
    return JSON.parse(stdout).seconds;
  });
  return model;
}

/**
 * Accuracy, or F1 of entities, on held-out examples, in percent.
 * @param {string} task options of `bertlet train`
 * @param {string} model
 * @param {Given} given
 */
async function learn(task, model, { threads, folder }) {
  const { stdout } = await bertlet(
    `train --dtype f32 --model ${model} ${task} --threads ${threads} --output ${folder}/head`,
  );
  const { f1, accuracy } = JSON.parse(stdout).dev;
  return (100 * (f1 ?? accuracy)).toFixed(2);
}

/** @param {typeof LONG_RECIPE} recipe as options of the command */
const options = ({ batchSize, maxTokens, learningRate, warmup, weightDecay }) =>
  `--batch-size ${batchSize} --max-tokens ${maxTokens} --learning-rate ${learningRate} --warmup ${warmup} --weight-decay ${weightDecay}`;

/** @param {string} command line without spaces in its arguments */
const bertlet = (command) =>
  run(process.execPath, ['js/cli/main.js', ...command.split(' ').filter(Boolean)], { capture: true });

/**
 * Makes a model, unless it is there from an earlier run.
 * @param {string} model folder
 * @param {() => Promise<number>} make gives its seconds
 */
async function once(model, make) {
  const file = join(model, 'seconds.json');
  if (existsSync(file)) return { model, seconds: JSON.parse(await readFile(file, 'utf8')) };
  const seconds = await make();
  await writeFile(file, JSON.stringify(seconds));
  return { model, seconds };
}

const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const minutes = (/** @type {number} */ seconds) => (seconds / 60).toFixed(1);
const say = (/** @type {Found} */ { loss, accuracy }) => `${loss.toFixed(3)} / ${(100 * accuracy).toFixed(1)} %`;

await main(async () => {
  const { values } = parseArgs({
    options: {
      steps: { type: 'string', default: '1000' },
      seeds: { type: 'string', default: '0,1,2' },
      threads: { type: 'string', default: '1' },
      only: { type: 'string' },
      output: { type: 'string' },
    },
  });
  if (!existsSync(WIKI)) throw new Error('The texts are not here: ../shared/data is missing.');
  await ensurePackages();
  await buildWasm();
  await ensureModel();
  const folder = values.output ?? (await mkdtemp(join(tmpdir(), 'bertlet-pretraining-')));
  await mkdir(folder, { recursive: true });
  const options = {
    steps: Number(values.steps),
    seeds: values.seeds.split(',').map(Number),
    threads: Number(values.threads),
    only: values.only?.split(',') ?? [],
    folder,
  };
  try {
    await measure(options);
  } finally {
    if (!values.output) await rm(folder, { recursive: true, force: true });
  }
});
