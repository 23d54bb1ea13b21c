// bertlet train: trains a head on labelled examples.
import { BertletError } from '../../errors.js';
import { labelNames } from '../../api/examples.js';
import { schemes } from '../../decode/schemes.js';
import { choice, integer, positive, probability, required, UsageError } from '../lib/arguments.js';
import { checkLabels, formats, labelsOf, listeners, readExamples, readGivenLabels } from '../data/examples.js';
import { checkOutput, writeHeadFolder } from '../lib/head-folder.js';
import { measure, namedMetrics } from '../data/measure.js';
import { findSuspicions } from '../data/suspicions.js';
import { exampleModel, modelHelp, modelOptions, withModel } from '../lib/model.js';
import { readTableOptions, tableHelp, tableOptions } from '../lib/table-options.js';
import { checkOptions } from '../lib/tasks.js';

export const summary = 'train a head on labelled examples';

export const help = `Usage: bertlet train --model PATH_OR_ID --train FILE --output DIR [options]

Trains a head on labelled examples and writes it to DIR. The last line of its output is a JSON summary: "train_accuracy" is that on the
examples themselves, "cv_accuracy" that on examples which were left out while --c or the number of epochs was chosen. Warns of labels and
texts that look wrong.

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --task TASK            text-classification (the default), multi-label, token-classification or question-answering
  --train FILE           labelled examples
                         text-classification: TSV (text<TAB>label), CSV (text,label), with or without names in the
                         first row, or JSON Lines ({"text":…,"label":…})
                         multi-label: the same with commas between labels, or {"text":…,"labels":[…]}
                         token-classification: CoNLL (word<TAB>tag) or {"words":[…],"tags":[…]}
                         question-answering: SQuAD's JSON
  --dev FILE             labelled examples on which the head is only measured
  --validation SHARE     share of the examples, 0 to 0.9, that is held out of training to measure the head on (default: 0)
  --format tsv|csv|jsonl|conll|squad
                         format of the files (default: by their names or first lines)
${tableHelp}
  --labels FILE          names for labels that examples give by index
  --output DIR           folder to write the head to; an older head in it is replaced
  --c NUMBER             inverse strength of regularization (default: chosen by cross-validation)
  --class-weight balanced
                         all labels count the same, however many examples they have
  --layer N|auto         layer whose hidden states the head reads (default: the last; token-classification: auto)
  --pooling mean|max|cls|auto
                         how a text's tokens become one vector (default: mean)
  --standardize true|false|auto
                         scale features to mean 0 and standard deviation 1 (default: true for entities and with
                         hidden units)
  --scheme IOB1|IOB2|IOE1|IOE2|IOBES|BILOU
                         how the tags say where entities begin and end (default: recognized)
  --hidden-size N        hidden units of the head (default: none); for entities it gets a conditional random field, too
  --epochs N             rounds through the examples, with hidden units or for question-answering
  --learning-rate NUMBER learning rate, with hidden units or for question-answering
  --seed N               seed of random numbers (default: 0)
${modelHelp}`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  task: { type: 'string' },
  train: { type: 'string' },
  dev: { type: 'string' },
  validation: { type: 'string' },
  format: { type: 'string' },
  ...tableOptions,
  labels: { type: 'string' },
  output: { type: 'string' },
  c: { type: 'string' },
  'class-weight': { type: 'string' },
  layer: { type: 'string' },
  pooling: { type: 'string' },
  standardize: { type: 'string' },
  scheme: { type: 'string' },
  'hidden-size': { type: 'string' },
  epochs: { type: 'string' },
  'learning-rate': { type: 'string' },
  seed: { type: 'string' },
};

export const maxFiles = 0;

/** @type {import('../../types.js').Task[]} */
const tasks = ['text-classification', 'multi-label', 'token-classification', 'question-answering'];

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, output, progress } = context;
  const start = performance.now();
  const model = required(values, 'model', exampleModel);
  const task = choice(values, 'task', tasks) ?? 'text-classification';
  const trainFile = required(values, 'train', 'train.tsv');
  const devFile = values.dev === undefined ? undefined : required(values, 'dev', 'dev.tsv');
  const folder = required(values, 'output', 'my-head');
  const fitOptions = readFitOptions(values);
  checkOptions('train', values, task);

  // All input is checked before the work begins.
  const readOptions = {
    format: choice(values, 'format', formats),
    labels: await readGivenLabels(values),
    table: readTableOptions(values),
    warn: (/** @type {string} */ message) => progress.warn(message),
  };
  /** @type {any[]} */
  const examples = await readExamples(trainFile, task, readOptions);
  const dev = devFile && { file: devFile, examples: await readExamples(devFile, task, readOptions) };
  if (task !== 'question-answering') {
    const names = labelsIn(trainFile, examples, task);
    if (dev) checkLabels(/** @type {any[]} */ (dev.examples), dev.file, names);
  }
  await checkOutput(folder).catch(cannotWrite(folder));

  const { head, metrics } = await withModel(model, context, async (bert) => {
    if (task === 'text-classification' || task === 'multi-label')
      for (const suspicion of findSuspicions(examples, trainFile)) progress.warn(suspicion);
    const head = await bert.fit(examples, {
      task,
      ...fitOptions,
      ...listeners(context, { file: trainFile, examples }),
    });
    const metrics = dev && (await measure(head, dev, context));
    await writeHeadFolder(folder, await head.save(), bert.info.config).catch(cannotWrite(folder));
    return { head, metrics };
  });
  const report = /** @type {import('../../types.js').FitReport} */ (head.report);
  const { c, layer, epochs, trainAccuracy, windows, trainLoss, validation } = report;
  await output.write([
    {
      output: folder,
      task,
      labels: head.labels,
      examples: examples.length,
      layer,
      c,
      epochs,
      train_accuracy: trainAccuracy,
      cv_accuracy: crossValidated(report),
      windows,
      train_loss: trainLoss,
      ...(validation && { validation: namedMetrics(task, validation) }),
      ...(metrics && { dev: metrics }),
      seconds: Number(((performance.now() - start) / 1000).toFixed(2)),
    },
  ]);
}

/**
 * The accuracy on examples that were left out of training while the strength of regularization, or the number of epochs, was chosen;
 * undefined if that was given.
 * @param {import('../../types.js').FitReport} report
 */
function crossValidated({ c, search, epochs, epochSearch }) {
  const chosen = search?.find((step) => step.c === c) ?? epochSearch?.find((step) => step.epochs === epochs);
  return chosen?.accuracy;
}

/**
 * For `catch`: a clearer error for a folder in which nothing can be made. For some, such as /proc, the system says "no such file".
 * @param {string} folder
 * @returns {(error: unknown) => never}
 */
const cannotWrite = (folder) => (error) => {
  if (!(error instanceof BertletError && error.code === 'FILE_NOT_FOUND')) throw error;
  throw new BertletError('FILE_ACCESS', `${folder} can't be made or written. Give --output another place.`, {
    cause: error,
  });
};

/**
 * The labels of a file's examples. Throws ONE_CLASS if they are too few to learn from.
 * @param {string} file
 * @param {import('../data/labels.js').Labelled[]} examples
 * @param {import('../../types.js').Task} task
 */
function labelsIn(file, examples, task) {
  try {
    return labelNames(examples.map(labelsOf), task);
  } catch (error) {
    throw error instanceof BertletError ? new BertletError(error.code, `${file}: ${error.message}`) : error;
  }
}

/**
 * The options of `fit` that were given. Throws UsageError.
 * @param {import('../lib/arguments.js').Values} values
 * @returns {Omit<import('../../types.js').FitOptions, 'task'>}
 */
function readFitOptions(values) {
  const hiddenSize = integer(values, 'hidden-size', 1);
  const standardize = choice(values, 'standardize', ['true', 'false', 'auto']);
  const validation = probability(values, 'validation');
  if (validation !== undefined && validation > 0.9)
    throw new UsageError(`--validation must be from 0 to 0.9, not '${values.validation}'`);
  const options = {
    validation,
    c: positive(values, 'c'),
    classWeight: choice(values, 'class-weight', ['balanced']),
    layer: values.layer === 'auto' ? /** @type {const} */ ('auto') : integer(values, 'layer', 0),
    pooling: choice(values, 'pooling', ['mean', 'max', 'cls', 'auto']),
    standardize: standardize === 'auto' ? standardize : standardize && standardize === 'true',
    scheme: choice(values, 'scheme', schemes),
    head: hiddenSize === undefined ? undefined : /** @type {const} */ ('mlp'),
    hiddenSize,
    epochs: integer(values, 'epochs', 1),
    learningRate: positive(values, 'learning-rate'),
    seed: integer(values, 'seed', 0),
  };
  return /** @type {any} */ (Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
}
