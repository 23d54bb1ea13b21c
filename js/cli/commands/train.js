// bertlet train: labelled examples to a head.
import { BertletError } from '../../errors.js';
import { labelNames } from '../../api/examples.js';
import { choice, integer, positive, required } from '../lib/arguments.js';
import { checkLabels, formats, labelsOf, listeners, readExamples, readGivenLabels } from '../data/examples.js';
import { checkOutput, writeHeadFolder } from '../lib/head-folder.js';
import { measure } from '../data/measure.js';
import { exampleModel, modelHelp, modelOptions, withModel } from '../lib/model.js';
import { checkOptions } from '../lib/tasks.js';

export const summary = 'train a head on labelled examples';

export const help = `Usage: bertlet train --model PATH_OR_ID --train FILE --output DIR [options]

Trains a head on labelled examples and writes it to DIR. The last line of its output is a JSON summary.

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --task TASK            text-classification (the default), multi-label, token-classification or question-answering
  --train FILE           labelled examples
                         text-classification: TSV (text<TAB>label), CSV (text,label) or JSON Lines ({"text":…,"label":…})
                         multi-label: the same with commas between labels, or {"text":…,"labels":[…]}
                         token-classification: CoNLL (word<TAB>tag) or {"words":[…],"tags":[…]}
                         question-answering: SQuAD's JSON
  --dev FILE             more of them, only to measure the result
  --format tsv|csv|jsonl|conll|squad
                         what the files are, where the name or the first line doesn't tell
  --labels FILE          names for labels that are given by index
  --output DIR           where the head goes; an older head is replaced
  --c NUMBER             inverse strength of regularization (default: chosen by cross-validation)
  --class-weight balanced
                         examples of all labels count the same together
  --layer N|auto         whose hidden states the head reads (default: the last; token-classification: auto)
  --pooling mean|max|cls|auto
                         of a text's tokens (default: mean)
  --standardize true|false|auto
                         features brought to mean 0 and standard deviation 1 (default: for entities and with hidden units)
  --hidden-size N        a head with so many hidden units, for entities with a conditional random field
  --epochs N             for heads with hidden units and question-answering
  --learning-rate NUMBER likewise
  --seed N               for what is drawn by chance (default: 0)
${modelHelp}`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  task: { type: 'string' },
  train: { type: 'string' },
  dev: { type: 'string' },
  format: { type: 'string' },
  labels: { type: 'string' },
  output: { type: 'string' },
  c: { type: 'string' },
  'class-weight': { type: 'string' },
  layer: { type: 'string' },
  pooling: { type: 'string' },
  standardize: { type: 'string' },
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

  // Everything that can be wrong is looked at before the work begins.
  const readOptions = {
    format: choice(values, 'format', formats),
    labels: await readGivenLabels(values),
    warn: (/** @type {string} */ message) => progress.warn(message),
  };
  /** @type {any[]} */
  const examples = await readExamples(trainFile, task, readOptions);
  const dev = devFile && { file: devFile, examples: await readExamples(devFile, task, readOptions) };
  if (task !== 'question-answering') {
    const names = namesIn(trainFile, examples, task);
    if (dev) checkLabels(/** @type {any[]} */ (dev.examples), dev.file, names);
  }
  await checkOutput(folder).catch(cannotWrite(folder));

  const { head, metrics } = await withModel(model, context, async (bert) => {
    const listening = listeners(context, { file: trainFile, examples });
    const head = await bert.fit(examples, { task, ...fitOptions, ...listening });
    const metrics = dev && (await measure(head, dev, context));
    await writeHeadFolder(folder, await head.save(), bert.info.config).catch(cannotWrite(folder));
    return { head, metrics };
  });
  const { c, layer, epochs, trainAccuracy, windows, trainLoss } = /** @type {import('../../types.js').FitReport} */ (
    head.report
  );
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
      windows,
      train_loss: trainLoss,
      ...(metrics && { dev: metrics }),
      seconds: Number(((performance.now() - start) / 1000).toFixed(2)),
    },
  ]);
}

/**
 * A place where nothing can be made, such as /proc, makes the system say that there is no such file, and that is no news.
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
 * The labels of a file's examples, if they are enough to learn from.
 * @param {string} file
 * @param {import('../data/labels.js').Labelled[]} examples
 * @param {import('../../types.js').Task} task
 */
function namesIn(file, examples, task) {
  try {
    return labelNames(examples.map(labelsOf), task);
  } catch (error) {
    throw error instanceof BertletError ? new BertletError(error.code, `${file}: ${error.message}`) : error;
  }
}

/**
 * @param {import('../lib/arguments.js').Values} values
 * @returns {Omit<import('../../types.js').FitOptions, 'task'>}
 */
function readFitOptions(values) {
  const hiddenSize = integer(values, 'hidden-size', 1);
  const standardize = choice(values, 'standardize', ['true', 'false', 'auto']);
  const options = {
    c: positive(values, 'c'),
    classWeight: choice(values, 'class-weight', ['balanced']),
    layer: values.layer === 'auto' ? /** @type {const} */ ('auto') : integer(values, 'layer', 0),
    pooling: choice(values, 'pooling', ['mean', 'max', 'cls', 'auto']),
    standardize: standardize === 'auto' ? standardize : standardize && standardize === 'true',
    head: hiddenSize === undefined ? undefined : /** @type {const} */ ('mlp'),
    hiddenSize,
    epochs: integer(values, 'epochs', 1),
    learningRate: positive(values, 'learning-rate'),
    seed: integer(values, 'seed', 0),
  };
  return /** @type {any} */ (Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
}
