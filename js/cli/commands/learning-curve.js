// bertlet learning-curve: the accuracy of classifiers by number of examples.
import { choice, integer, required, UsageError } from '../lib/arguments.js';
import { checkLabels, formats, listeners, readExamples } from '../data/examples.js';
import { fitOptions, readFitOptions } from '../lib/fit-options.js';
import { exampleModel, inF32, modelHelp, modelOptions, withModel } from '../lib/model.js';
import { readTableOptions, tableHelp, tableOptions } from '../lib/table-options.js';
import { checkMethod, curveTuning, trainsModel } from '../lib/tasks.js';

export const summary = 'measure how many examples a classifier needs';

export const help = `Usage: bertlet learning-curve --model PATH_OR_ID --train FILE [--test FILE] [options]

Trains classifiers on a few examples of each label, drawn at random, and measures them; beside each, a baseline that knows nothing but
the words of those examples (TF-IDF and logistic regression). Prints, for each number of examples, one line with mean and standard
deviation over the draws:
  {"n":…,"accuracy":…,"std":…,"baseline":{"accuracy":…,"std":…}}
With --method lora, layers, full or contrastive, "frozen" has in the same form the head on the frozen encoder, trained on the same examples.

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --train FILE           labelled examples to draw from, as for bertlet train
  --test FILE            examples to measure on (default: those that a draw leaves over)
  --format tsv|csv|jsonl format of the files (default: by their names or first lines)
${tableHelp}
  --sizes 8,16,32,64     examples of each label (default: 1,2,4,…,64, as far as there are enough)
  --draws N              draws of each size (default: 5)
  --method head|lora|layers|full|contrastive
                         what is trained for each draw besides the head, as by bertlet train (default: head). The model is
                         not changed
  --c NUMBER             inverse strength of regularization of heads on the frozen encoder (default: chosen by
                         cross-validation)
${modelHelp}

With --method lora, layers, full and contrastive, as for bertlet train: --epochs, --learning-rate, --batch-size, --warmup, --weight-decay,
--max-tokens and --memory; with lora --rank, --alpha, --rslora, --dropout, --target-modules and --modules-to-save; with layers
--layers; with contrastive --rounds and --tune, and with that the options of these methods but --epochs and --modules-to-save.`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  train: { type: 'string' },
  test: { type: 'string' },
  format: { type: 'string' },
  ...tableOptions,
  sizes: { type: 'string' },
  draws: { type: 'string' },
  ...Object.fromEntries(['method', 'c', ...curveTuning].map((name) => [name, fitOptions[name]])),
};

export const maxFiles = 0;

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, output, progress } = context;
  const model = required(values, 'model', exampleModel);
  const trainFile = required(values, 'train', 'train.tsv');
  const testFile = values.test === undefined ? undefined : required(values, 'test', 'test.tsv');
  const format = choice(values, 'format', formats);
  const sizes = values.sizes === undefined ? undefined : parseSizes(String(values.sizes));
  const draws = integer(values, 'draws', 1);
  const given = readFitOptions(values);
  const { method = 'head' } = given;
  checkMethod('learning-curve', values, method);

  const readOptions = {
    format,
    table: readTableOptions(values),
    warn: (/** @type {string} */ message) => progress.warn(message),
  };
  const examples = await readExamples(trainFile, 'text-classification', readOptions);
  const test = testFile ? await readExamples(testFile, 'text-classification', readOptions) : [];
  const labels = new Set(examples.map(({ label }) => label));
  if (testFile) checkLabels(test, testFile, labels);
  const points = await withModel(model, trainsModel(values, method) ? inF32(context) : context, (bert) =>
    bert.learningCurve(examples, {
      ...(testFile && { test }),
      ...(sizes && { sizes }),
      ...(draws && { draws }),
      ...given,
      ...listeners(context, { file: trainFile, examples }, { file: testFile ?? '', examples: test }),
    }),
  );
  await output.write(
    points.map(({ n, frozen, baseline, ...own }) => ({
      n,
      ...named(own),
      ...(frozen && { frozen: named(frozen) }),
      ...(baseline && { baseline: named(baseline) }),
    })),
  );
}

/** What is printed of several draws. @param {import('../../types.js').Spread} measured */
const named = ({ mean, std }) => ({ accuracy: mean, std });

/** @param {string} text */
function parseSizes(text) {
  const sizes = text.split(',').map(Number);
  if (sizes.some((n) => !(Number.isInteger(n) && n >= 1)))
    throw new UsageError(`--sizes must be whole numbers with commas between them, such as 8,16,32, not '${text}'`);
  return sizes;
}
