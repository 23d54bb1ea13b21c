// bertlet train: labelled examples to a classifier.
import { BertletError } from '../errors.js';
import { choice, integer, positive, required } from './arguments.js';
import { checkLabels, formats, listeners, readExamples } from './data.js';
import { checkOutput, writeHeadFolder } from './head-folder.js';
import { exampleModel, modelHelp, modelOptions, withModel } from './model.js';

export const summary = 'train a classifier on labelled examples';

export const help = `Usage: bertlet train --model PATH_OR_ID --train FILE --output DIR [options]

Trains a classification head on labelled examples and writes it to DIR. The last line of its output is a JSON summary.

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --task text-classification
                         what to train (the default, and the only task so far)
  --train FILE           labelled examples: TSV (text<TAB>label), CSV (text,label) or
                         JSON Lines ({"text":…,"label":…})
  --dev FILE             more of them, only to measure the result
  --format tsv|csv|jsonl what the files are, where the name or the first line doesn't tell
  --output DIR           where the head goes; an older head is replaced
  --c NUMBER             inverse strength of regularization (default: chosen by cross-validation)
  --seed N               for what is drawn by chance (default: 0)
${modelHelp}`;

/** @type {import('./arguments.js').Options} */
export const options = {
  ...modelOptions,
  task: { type: 'string' },
  train: { type: 'string' },
  dev: { type: 'string' },
  format: { type: 'string' },
  output: { type: 'string' },
  c: { type: 'string' },
  seed: { type: 'string' },
};

export const maxFiles = 0;

/** @param {import('./main.js').Context} context */
export async function run(context) {
  const { values, output } = context;
  const start = performance.now();
  const model = required(values, 'model', exampleModel);
  const task = choice(values, 'task', [/** @type {const} */ ('text-classification')]) ?? 'text-classification';
  const trainFile = required(values, 'train', 'train.tsv');
  const devFile = values.dev === undefined ? undefined : required(values, 'dev', 'dev.tsv');
  const folder = required(values, 'output', 'my-head');
  const format = choice(values, 'format', formats);
  const c = positive(values, 'c');
  const seed = integer(values, 'seed', 0) ?? 0;

  // Everything that can be wrong is looked at before the work begins.
  const examples = await readExamples(trainFile, task, { format });
  const labels = new Set(examples.map(({ label }) => label));
  if (labels.size < 2) {
    const only = examples[0].label;
    throw new BertletError(
      'ONE_CLASS',
      `${trainFile}: every example has the label "${only}"; at least two labels are needed.`,
    );
  }
  const dev = devFile && { file: devFile, examples: await readExamples(devFile, task, { format }) };
  if (dev) checkLabels(dev.examples, dev.file, labels);
  await checkOutput(folder);

  const { head, metrics } = await withModel(model, context, async (bert) => {
    const head = await bert.fit(examples, {
      task,
      seed,
      ...(c && { c }),
      ...listeners(context, trainFile, examples),
    });
    const metrics = dev && (await head.evaluate(dev.examples, listeners(context, dev.file, dev.examples)));
    await writeHeadFolder(folder, await head.save(), {
      inFeatures: bert.info.hiddenSize,
      outFeatures: head.labels.length,
    });
    return { head, metrics };
  });
  await output.write([
    {
      output: folder,
      task,
      labels: head.labels,
      examples: examples.length,
      c: head.report?.c,
      train_accuracy: head.report?.trainAccuracy,
      ...(metrics && { dev: { accuracy: metrics.accuracy, macro_f1: metrics.macroF1, n: metrics.n } }),
      seconds: Number(((performance.now() - start) / 1000).toFixed(2)),
    },
  ]);
}
