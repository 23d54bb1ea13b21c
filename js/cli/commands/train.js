// bertlet train: trains a head on labelled examples, and with it adapters or the model.
import { encodeJson } from '../../checkpoint/json-writer.js';
import { BertletError } from '../../errors.js';
import { labelNames } from '../../api/examples.js';
import { choice, positive, required } from '../lib/arguments.js';
import { openCheckpoint } from '../lib/checkpoint-folder.js';
import { checkLabels, formats, labelsOf, listeners, readExamples, readGivenLabels } from '../data/examples.js';
import { fitHelp, fitOptions, readFitOptions } from '../lib/fit-options.js';
import { checkHeadOutput, writeHeadFolder } from '../lib/head-folder.js';
import { checkModelOutput, TUNING_FILE, writeModelFolder } from '../lib/model-folder.js';
import { measure, namedMetrics } from '../data/measure.js';
import { findPairSuspicions, findSuspicions } from '../data/suspicions.js';
import { exampleModel, inF32, modelHelp, modelOptions, withModel } from '../lib/model.js';
import { cannotWrite } from '../lib/output-folder.js';
import { readTableOptions, tableHelp, tableOptions } from '../lib/table-options.js';
import { checkOptions, hasLabels, trainsModel } from '../lib/tasks.js';

export const summary = 'train a head, or the model too, on labelled examples';

export const help = `Usage: bertlet train --model PATH_OR_ID --train FILE --output DIR [options]

Trains a head on labelled examples, and with --method the model too, and writes them to DIR. The last line of its output is a JSON summary:
"train_accuracy" is that on the examples themselves, "cv_accuracy" (of numbers "cv_r2") that on examples which were left out while --c or the
number of epochs was chosen, "held_out" that of the epoch that was kept; "comparison" says what --method
contrastive brought, on examples that were left out. Warns of labels and texts that look wrong. What sentence-similarity
gives is an adapter for vectors, for bertlet embed --head DIR and search; with --tune layers or full a model, for --model DIR.

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --task TASK            text-classification (the default), multi-label, regression, token-classification,
                         question-answering or sentence-similarity
  --train FILE           labelled examples
                         text-classification: TSV (text<TAB>label), CSV (text,label), with or without names in the
                         first row, or JSON Lines ({"text":…,"label":…})
                         multi-label: the same with commas between labels, or {"text":…,"labels":[…]}
                         regression: the same with a number (text<TAB>3.5), or {"text":…,"score":3.5}
                         token-classification: CoNLL (word<TAB>tag) or {"words":[…],"tags":[…]}
                         question-answering: SQuAD's JSON
                         sentence-similarity: pairs of texts (text<TAB>text) that belong together, or {"text":…,
                         "text_pair":…}; with a third column or field, score: as alike as it says, from 0 to 1; negative:
                         a text that does not belong
  --dev FILE             labelled examples on which the result is only measured
  --format tsv|csv|jsonl|conll|squad
                         format of the files (default: by their names or first lines)
${tableHelp}
  --labels FILE          names for labels that examples give by index
  --max-score NUMBER     sentence-similarity: the score of texts that mean the same, such as 5 (default: 1)
  --output DIR           folder to write to; what an earlier training has written there is replaced
${fitHelp}

${modelHelp}`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  task: { type: 'string' },
  train: { type: 'string' },
  dev: { type: 'string' },
  format: { type: 'string' },
  ...tableOptions,
  labels: { type: 'string' },
  'max-score': { type: 'string' },
  output: { type: 'string' },
  ...fitOptions,
};

export const maxFiles = 0;

/** @type {import('../data/examples.js').Task[]} */
const tasks = [
  'text-classification',
  'multi-label',
  'regression',
  'token-classification',
  'question-answering',
  'sentence-similarity',
];

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, output, progress } = context;
  const start = performance.now();
  const model = required(values, 'model', exampleModel);
  const task = choice(values, 'task', tasks) ?? 'text-classification';
  const trainFile = required(values, 'train', 'train.tsv');
  const devFile = values.dev === undefined ? undefined : required(values, 'dev', 'dev.tsv');
  const folder = required(values, 'output', 'my-head');
  const given = readFitOptions(values);
  const { method = task === 'sentence-similarity' ? 'contrastive' : 'head' } = given;
  const maxScore = positive(values, 'max-score') ?? 1;
  checkOptions('train', values, task, method);

  // All input is checked before the work begins.
  const readOptions = {
    format: choice(values, 'format', formats),
    labels: await readGivenLabels(values),
    table: readTableOptions(values),
    warn: (/** @type {string} */ message) => progress.warn(message),
  };
  /** @type {any[]} */
  const examples = await readExamples(trainFile, task, { ...readOptions, maxScore });
  const dev = devFile && { file: devFile, examples: await readExamples(devFile, task, readOptions) };
  if (hasLabels(task)) {
    const names = labelsIn(trainFile, examples, task);
    if (dev) checkLabels(/** @type {any[]} */ (dev.examples), dev.file, names);
  }
  const isModel = trainsModel(values, method) !== undefined;
  await (isModel ? checkModelOutput : checkHeadOutput)(folder).catch(cannotWrite(folder));
  const { checkpoint, resume } = await openCheckpoint(values, folder, (message) => progress.warn(message));

  const { head, metrics } = await withModel(model, isModel ? inF32(context) : context, async (bert) => {
    if (task === 'text-classification' || task === 'multi-label')
      for (const suspicion of findSuspicions(examples, trainFile)) progress.warn(suspicion);
    if (task === 'sentence-similarity')
      for (const suspicion of findPairSuspicions(examples, trainFile)) progress.warn(suspicion);
    const fitted = bert.fit(examples, {
      task,
      ...given,
      ...listeners(context, { file: trainFile, examples }),
      ...(checkpoint && { onCheckpoint: (/** @type {Uint8Array} */ bytes) => checkpoint.write(bytes) }),
      ...(resume && { resume }),
    });
    const head = await (checkpoint ? checkpoint.guard(fitted, progress) : fitted);
    if (isModel) await writeModel(folder, head, bert).catch(cannotWrite(folder));
    else await writeHead(folder, head, bert, progress).catch(cannotWrite(folder));
    await checkpoint?.remove();
    return { head, metrics: dev && (await measure(head, dev, context)) };
  });
  const report = /** @type {import('../../types.js').FitReport} */ (head.report);
  if (task === 'sentence-similarity' && report.comparison?.kept === 'frozen')
    progress.warn(
      isModel
        ? `On held-out pairs the tuned model is no better than it was, so the one in ${folder} is as it was.`
        : `On held-out pairs the adapter is no better than the model as it is, so ${folder} has none: its vectors are the model's.`,
    );
  const { c, layer, epochs, rounds, steps, trainAccuracy, windows, trainLoss, validation, comparison, tune } = report;
  await output.write([
    {
      output: folder,
      task,
      method,
      tune,
      labels: head.labels,
      examples: examples.length,
      layer,
      c,
      epochs,
      rounds,
      steps,
      train_accuracy: trainAccuracy,
      cv_accuracy: crossValidated(report)?.accuracy,
      cv_r2: crossValidated(report)?.r2,
      windows,
      train_loss: trainLoss,
      held_out: heldOut(report),
      ...(comparison && { comparison: compared(task, comparison) }),
      ...(validation && { validation: namedMetrics(task, validation) }),
      ...(metrics && { dev: metrics }),
      seconds: Number(((performance.now() - start) / 1000).toFixed(2)),
    },
  ]);
}

/**
 * Writes a model with its head; how it was tuned stands with the head, or, of vectors, beside the model.
 * @param {string} folder
 * @param {import('../../api/heads/any-head.js').AnyHead} head
 * @param {import('../../index.js').Model} bert
 */
async function writeModel(folder, head, bert) {
  const report = head.task === 'sentence-similarity' && { [TUNING_FILE]: encodeJson(head.report) };
  await writeModelFolder(folder, { ...(await bert.save({ head })), ...report });
}

/**
 * Writes a head, and for Python its adapter, if it has one.
 * @param {string} folder
 * @param {import('../../api/heads/any-head.js').AnyHead} head
 * @param {import('../../index.js').Model} bert
 * @param {import('../lib/progress.js').Progress} progress
 */
async function writeHead(folder, head, bert, progress) {
  const { method, comparison } = head.report ?? {};
  const peft =
    method === 'lora' || (method === 'contrastive' && comparison?.kept !== 'frozen')
      ? await head.saveAdapter().catch((error) => {
          if (error.code !== 'BAD_INPUT') throw error;
          progress.warn(`${folder} is without files for PEFT. ${error.message}`);
        })
      : undefined;
  await writeHeadFolder(folder, await head.save(), bert.info.config, peft || undefined);
}

/** Names of measures as the command line prints them. @type {Record<string, string>} */
const NAMES = { microF1: 'micro_f1', exactWindows: 'exact_windows' };

/**
 * What was measured on held-out examples after the epoch that was kept; undefined if there was nothing.
 * @param {import('../../types.js').FitReport} report
 */
function heldOut({ history, epochs = 0 }) {
  const measured = history?.[epochs - 1]?.heldOut;
  return measured && Object.fromEntries(Object.entries(measured).map(([name, value]) => [NAMES[name] ?? name, value]));
}

/**
 * What tuned vectors brought.
 * @param {import('../../types.js').HeadTask} task
 * @param {import('../../types.js').ContrastiveComparison} comparison
 */
function compared(task, { measuredOn, frozen, tuned, kept }) {
  const scores = (/** @type {any} */ measured) => {
    const { accuracy, microF1 } = measured;
    if (task === 'sentence-similarity') return namedMetrics(task, measured);
    return microF1 === undefined ? { accuracy } : { micro_f1: microF1 };
  };
  return { measured_on: measuredOn, frozen: scores(frozen), tuned: scores(tuned), kept };
}

/**
 * What was measured on examples that were left out of training while the strength of regularization, or the number of epochs, was chosen;
 * undefined if that was given.
 * @param {import('../../types.js').FitReport} report
 */
function crossValidated({ c, search, epochs, epochSearch }) {
  /** @type {{ accuracy?: number, r2?: number } | undefined} */
  const chosen = search?.find((step) => step.c === c) ?? epochSearch?.find((step) => step.epochs === epochs);
  return chosen;
}

/**
 * The labels of a file's examples. Throws ONE_CLASS if they are too few to learn from.
 * @param {string} file
 * @param {import('../data/labels.js').Labelled[]} examples
 * @param {import('../../types.js').HeadTask} task
 */
function labelsIn(file, examples, task) {
  try {
    return labelNames(examples.map(labelsOf), task);
  } catch (error) {
    throw error instanceof BertletError ? new BertletError(error.code, `${file}: ${error.message}`) : error;
  }
}
