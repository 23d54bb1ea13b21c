// What the benchmark needs besides the project itself: the competitors at their pinned versions, and the model as ONNX files.
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { readHead } from '../js/checkpoint/head-file.js';
import { newModelFiles } from '../js/checkpoint/new-model.js';
import { load } from '../js/index.js';
import { ensurePython, installPython } from '../scripts/programs.js';
import { defaultModel } from '../scripts/setup-model.js';
import { root, run, step } from '../scripts/shell.js';
import { SMALL } from './training/suite.js';

export const here = fileURLToPath(new URL('.', import.meta.url));

/** npm's packages, as bench/package-lock.json pins them. None needs its install script. */
export async function ensurePeers() {
  const installed = join(here, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(here, 'package-lock.json')).mtimeMs) return;
  await step('Installing the competitors (1.1 GB)', () =>
    run('npm', ['ci', '--prefix', here, '--ignore-scripts', '--loglevel=error']),
  );
}

/** What transformers.js wants to know about a tokenizer besides tokenizer.json. */
const TOKENIZER_CONFIG = {
  tokenizer_class: 'BertTokenizer',
  do_lower_case: true,
  model_max_length: 512,
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/**
 * The model as transformers.js finds it on the hub: tokenizer and configuration, and onnx/ with f32 and int8.
 * @param {string} model the folder with the checkpoint
 * @returns {Promise<string>} the folder, which ends in the model's id
 */
export async function ensureExport(model) {
  const folder = join(here, 'models', defaultModel);
  const script = join(here, 'export_onnx.py');
  if (existsSync(folder) && statSync(folder).mtimeMs >= statSync(script).mtimeMs) return folder;
  await step('Exporting the model to ONNX', async () => {
    const python = await ensurePython();
    const PYTHONPATH = join(here, 'models/.python');
    await installPython(PYTHONPATH, '--upgrade', '-r', join(here, 'requirements.txt'));
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(join(partial, 'onnx'), { recursive: true });
    await run(python, [script, model, join(partial, 'onnx')], { quiet: true, env: { PYTHONPATH } });
    for (const name of ['config.json', 'tokenizer.json']) await copyFile(join(model, name), join(partial, name));
    await writeFile(join(partial, 'tokenizer_config.json'), JSON.stringify(TOKENIZER_CONFIG));
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  });
  return folder;
}

/** A model with random weights, to be pre-trained. @returns {Promise<string>} its folder */
export async function ensureSmallModel() {
  const folder = join(here, 'models/small');
  const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const vocabulary = Array.from({ length: SMALL.vocabulary }, (_, id) => pieces[id] ?? `word${id}`);
  const texts = { lowercase: true, stripAccents: true, splitChinese: true };
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(newModelFiles({ ...SMALL, ...texts, vocabulary, dropout: 0 }, 0)))
    await writeFile(join(folder, name), bytes);
  return folder;
}

/**
 * The model as `bertlet convert` writes it.
 * @param {string} model the folder with the checkpoint
 * @returns {Promise<string>} the folder
 */
export async function ensureConverted(model) {
  const folder = join(here, 'models/converted');
  const cli = join(root, 'js/cli/main.js');
  await step('Converting the model', () =>
    run(process.execPath, [cli, 'convert', '--model', model, '--output', folder], { quiet: true }),
  );
  return folder;
}

/** The sentence whose label is waited for, and the label. */
export const SENTENCE = 'what a lovely film this is, really';
export const LABEL = 'positive';

const EXAMPLES = {
  positive: ['a wonderful film', 'I loved every minute', 'funny and touching', 'the best I have seen in years'],
  negative: ['a dull film', 'I wanted my money back', 'boring and far too long', 'the worst I have seen in years'],
};

/** A head as anyone can compute it. @typedef {{ labels: string[], weight: number[][], bias: number[] }} PlainHead */

/**
 * A head on the model's sentence vectors, as bertlet saves it and as JSON.
 * @param {string} model the folder with the checkpoint
 * @returns {Promise<string>} the folder with both
 */
export async function ensureHead(model) {
  const folder = join(here, 'models/head');
  await step('Training a head', async () => {
    const bert = await load(model, { dtype: 'f32' });
    const examples = Object.entries(EXAMPLES).flatMap(([label, texts]) => texts.map((text) => ({ text, label })));
    const bytes = await (await bert.fit(examples)).save();
    const { labels, network } = readHead(bytes);
    const [{ weight, bias }] = network.dense;
    const rows = Array.from(bias, (_, i) => [
      ...weight.subarray(i * bert.info.hiddenSize, (i + 1) * bert.info.hiddenSize),
    ]);
    await bert.dispose();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'head.safetensors'), bytes);
    await writeFile(join(folder, 'head.json'), JSON.stringify({ labels, weight: rows, bias: [...bias] }));
  });
  return folder;
}
