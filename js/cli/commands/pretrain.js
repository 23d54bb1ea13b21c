// bertlet pretrain: a masked language model of one's own texts, from nothing or from any model.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BertletError } from '../../errors.js';
import { createModel } from '../../index.js';
import { parseJson } from '../../checkpoint/json.js';
import { encodeJson } from '../../checkpoint/json-writer.js';
import { choice, integer, probability, required, truth, UsageError } from '../lib/arguments.js';
import { openCheckpoint } from '../lib/checkpoint-folder.js';
import { adapterOptions, onlyGiven, readStepOptions, stepOptions } from '../lib/fit-options.js';
import { readTexts } from '../lib/input.js';
import { checkModelOutput, REPORT_FILE, writeModelFolder } from '../lib/model-folder.js';
import { exampleModel, f32ModelHelp, f32ModelOptions, inF32, withModel, workWith } from '../lib/model.js';
import { cannotWrite } from '../lib/output-folder.js';

/** @typedef {import('../lib/command.js').Context} Context */
/** @typedef {import('../lib/arguments.js').Values} Values */

export const summary = 'train a masked language model on texts, from nothing or from a model';

export const help = `Usage: bertlet pretrain --train FILE --model PATH_OR_ID --output DIR [options]
       bertlet pretrain --train FILE --vocabulary FILE --output DIR [options]

Trains a model to find words again that are masked in texts without labels: the model that --model names goes on; without it a new one is
made. Writes it to DIR, to be named with --model. The last line of its output is a JSON summary: "held_out" is what was measured on texts
that were held out, for the step "kept".

  --train FILE           texts, one per line; they follow each other, so a long text may have many lines
  --json                 each line of the files is a JSON string, so that a text may hold line ends
  --output DIR           folder to write to; what an earlier training has written there is replaced
  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --validation SHARE|FILE
                         share of the texts, 0 to 0.9, or other texts, to measure on, at the beginning and ten times after that; the best
                         that was measured is kept (default: 0)
  --steps N              (default: three rounds through the texts)
  --batch-size N         sequences of a step (default: 32)
  --max-tokens N         tokens of a sequence (default: 128, or as many as the model takes)
  --separate             each text is a sequence by itself, and cut if it is longer; else texts follow each other until a sequence is full
  --learning-rate NUMBER (default: 0.001 for a new model and for lora, 0.0005 for others)
  --warmup SHARE         share of the steps in which the learning rate rises (default: 0.1)
  --weight-decay NUMBER  of AdamW (default: 0.01)
  --mlm-probability SHARE
                         share of the tokens that are to be found (default: 0.15)
  --whole-words          all pieces of a word are masked together
  --method full|lora     what is trained: all weights (the default), or adapters, which are merged into the weights in the end
  --rank N, --alpha NUMBER, --rslora, --dropout SHARE, --target-modules NAMES
                         of lora, as for bertlet train
  --seed N               seed of random numbers (default: 0)
  --memory SIZE          memory that training may take, such as 400MB or 2GB (default: what there is to spare)
  --checkpoint DIR       folder for the state of training, which is written now and then, and on Ctrl-C; it is removed when
                         all is done
  --resume               go on from the state in the folder of --checkpoint, with the same texts and options: the result
                         is the same as if it had never been interrupted

A new model:
  --vocabulary FILE      its pieces, one per line: a vocab.txt, such as bertlet vocabulary writes; what a tokenizer_config.json beside it says of
                         texts counts, unless the following options say something else
  --cased                texts keep their capitals and accents (default: they lose them)
  --strip-accents true|false
                         whether accents are taken off letters (default: true, with --cased false)
  --split-chinese true|false
                         whether each Chinese character is a word of its own (default: true)
  --layers N             (default: 4)
  --hidden-size N        (default: 128)
  --heads N              (default: hidden size / 32)
  --intermediate-size N  (default: 4 * hidden size)
  --dropout SHARE        rate with which it is trained, here and later; small models learn sooner with 0 (default: 0.1)

${f32ModelHelp}`;

/** Options of a new model. */
const newOptions = /** @type {const} */ ({
  vocabulary: { type: 'string' },
  cased: { type: 'boolean' },
  'strip-accents': { type: 'string' },
  'split-chinese': { type: 'string' },
  layers: { type: 'string' },
  'hidden-size': { type: 'string' },
  heads: { type: 'string' },
  'intermediate-size': { type: 'string' },
});

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...f32ModelOptions,
  train: { type: 'string' },
  json: { type: 'boolean' },
  output: { type: 'string' },
  validation: { type: 'string' },
  steps: { type: 'string' },
  separate: { type: 'boolean' },
  'mlm-probability': { type: 'string' },
  'whole-words': { type: 'boolean' },
  method: { type: 'string' },
  ...stepOptions,
  ...adapterOptions,
  ...newOptions,
};

export const maxFiles = 0;

/** The highest learning rate of a new model. */
const LEARNING_RATE = 1e-3;

/** @param {Context} context */
export async function run(context) {
  const { values, output, progress, signal } = context;
  const start = performance.now();
  const trainFile = required(values, 'train', 'texts.txt');
  const folder = required(values, 'output', 'my-model');
  const given = readOptions(values);
  checkModelOptions(values);

  // All input is checked before the work begins.
  const texts = await readAllTexts(trainFile, context);
  const validation = await readValidation(context);
  await checkModelOutput(folder).catch(cannotWrite(folder));
  const { checkpoint, resume } = await openCheckpoint(values, folder, (message) => progress.warn(message));

  const report = await withGivenModel(context, async (bert, isNew) => {
    const training = bert.pretrain(texts, {
      ...(isNew && { learningRate: LEARNING_RATE }),
      ...given,
      validation,
      signal,
      onProgress: progress.report,
      onWarning: (message) => progress.warn(message),
      ...(checkpoint && { onCheckpoint: (/** @type {Uint8Array} */ bytes) => checkpoint.write(bytes) }),
      ...(resume && { resume }),
    });
    const report = await (checkpoint ? checkpoint.guard(training, progress) : training);
    const files = { ...(await bert.save()), [REPORT_FILE]: encodeJson(report) };
    await writeModelFolder(folder, files).catch(cannotWrite(folder));
    await checkpoint?.remove();
    return report;
  });
  const { method, sequences, tokens, steps, kept, newHead, history } = report;
  await output.write([
    {
      output: folder,
      method,
      texts: report.texts,
      sequences,
      tokens,
      steps,
      kept,
      new_head: newHead,
      train_loss: history.at(-1)?.loss,
      held_out: history.find(({ step }) => step === kept)?.heldOut,
      seconds: Number(((performance.now() - start) / 1000).toFixed(2)),
    },
  ]);
}

/**
 * The options of `pretrain` that were given, without the checkpoint. Throws UsageError.
 * @param {Values} values
 * @returns {import('../../types.js').PretrainOptions}
 */
function readOptions(values) {
  const method = choice(values, 'method', ['full', 'lora']);
  const ofAdapters = Object.keys(adapterOptions).filter((name) => name !== 'dropout' || values.model !== undefined);
  if (method !== 'lora') refuse(values, ofAdapters, 'is for --method lora only');
  const { dropout, ...others } = readStepOptions(values);
  return onlyGiven({
    ...others,
    dropout: method === 'lora' ? dropout : undefined,
    method,
    steps: integer(values, 'steps', 1),
    packed: values.separate === true ? false : undefined,
    mlmProbability: probability(values, 'mlm-probability'),
    wholeWords: /** @type {boolean | undefined} */ (values['whole-words']),
  });
}

/** Throws UsageError for options that would have no effect. @param {Values} values */
function checkModelOptions(values) {
  if (values.model !== undefined)
    return refuse(values, Object.keys(newOptions), 'is of a new model, so not with --model');
  if (values.vocabulary === undefined)
    throw new UsageError('--model is missing, or --vocabulary for a new model, for example --vocabulary vocab.txt');
  return refuse(values, ['adapter'], 'is with --model only');
}

/**
 * Throws UsageError if an option is given.
 * @param {Values} values
 * @param {string[]} names
 * @param {string} why
 */
function refuse(values, names, why) {
  const name = names.find((one) => values[one] !== undefined);
  if (name !== undefined) throw new UsageError(`--${name} ${why}`);
}

/**
 * Works with the model of --model, or with a new one.
 * @template T
 * @param {Context} context
 * @param {(bert: import('../../index.js').Model, isNew: boolean) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withGivenModel(context, work) {
  const { values, signal, progress } = context;
  if (values.model !== undefined)
    return withModel(required(values, 'model', exampleModel), inF32(context), (bert) => work(bert, false));
  const file = required(values, 'vocabulary', 'vocab.txt');
  const architecture = {
    vocabulary: await readVocabulary(file, signal),
    ...(await readNormalization(file, values)),
    layers: integer(values, 'layers', 1),
    hiddenSize: integer(values, 'hidden-size', 8),
    heads: integer(values, 'heads', 1),
    intermediateSize: integer(values, 'intermediate-size', 8),
    maxTokens: integer(values, 'max-tokens', 3),
    dropout: values.method === 'lora' ? undefined : probability(values, 'dropout'),
    seed: integer(values, 'seed', 0),
    threads: integer(values, 'threads', 1),
  };
  const onWarning = (/** @type {string} */ message) => progress.warn(message);
  return workWith(await createModel({ ...architecture, signal, onWarning }), progress, (bert) => work(bert, true));
}

/**
 * The pieces of a vocab.txt.
 * @param {string} file
 * @param {AbortSignal} signal
 */
async function readVocabulary(file, signal) {
  /** @type {string[]} */
  const pieces = [];
  for await (const { texts, line } of readTexts(file, { json: false, signal }))
    for (const [i, text] of texts.entries()) {
      if (!/^\S+$/.test(text.trimEnd()))
        throw new BertletError(
          'BAD_VOCABULARY',
          `${file}, line ${line + i}: this is no piece: a word without white space.`,
        );
      pieces.push(text.trimEnd());
    }
  return pieces;
}

/**
 * How texts are normalized for a vocabulary: as the options say, else as a tokenizer_config.json beside it does.
 * @param {string} file vocab.txt
 * @param {Values} values
 * @returns {Promise<{ lowercase?: boolean, stripAccents?: boolean, splitChinese?: boolean }>}
 */
async function readNormalization(file, values) {
  const beside = join(dirname(file), 'tokenizer_config.json');
  const config = existsSync(beside) ? parseJson(await readFile(beside), beside) : {};
  const said = (/** @type {unknown} */ value) => (typeof value === 'boolean' ? value : undefined);
  const stripAccents = truth(values, 'strip-accents');
  const splitChinese = truth(values, 'split-chinese') ?? said(config.tokenize_chinese_chars);
  if (values.cased === true) return { lowercase: false, stripAccents, splitChinese };
  const lowercase = said(config.do_lower_case);
  return { lowercase, stripAccents: stripAccents ?? said(config.strip_accents), splitChinese };
}

/** What --validation says: a share, or texts. @param {Context} context */
async function readValidation(context) {
  const { values } = context;
  if (values.validation === undefined) return 0;
  const value = required(values, 'validation', '0.05');
  if (!/^[\d.]+$/.test(value)) return readAllTexts(value, context);
  const share = probability(values, 'validation') ?? 0;
  if (share > 0.9) throw new UsageError(`--validation must be from 0 to 0.9, or a file, not '${value}'`);
  return share;
}

/**
 * All texts of a file. Throws NO_EXAMPLES if there are none.
 * @param {string} file
 * @param {Context} context
 */
async function readAllTexts(file, { values, signal }) {
  /** @type {string[]} */
  const all = [];
  for await (const { texts } of readTexts(file, { json: values.json === true, signal })) all.push(...texts);
  const texts = all.filter((text) => text.trim() !== '');
  if (texts.length === 0) throw new BertletError('NO_EXAMPLES', `${file}: there is no text in this file.`);
  return texts;
}
