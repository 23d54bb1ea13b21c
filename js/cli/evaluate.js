// bertlet evaluate: how good a trained classifier is on labelled examples.
import { choice, required } from './arguments.js';
import { checkLabels, formats, listeners, readExamples } from './data.js';
import { modelHelp, modelOptions, withHead } from './model.js';

export const summary = 'measure a trained classifier on labelled examples';

export const help = `Usage: bertlet evaluate --head DIR --test FILE [options]

Labels the examples in FILE and compares with their labels. Prints one line:
  {"accuracy":…,"macro_f1":…,"n":…,"labels":[…],"confusion_matrix":[[…],…]}
Rows of the confusion matrix are the true labels, columns the predicted ones.

  --head DIR             what bertlet train has written
  --test FILE            labelled examples: TSV (text<TAB>label), CSV (text,label) or
                         JSON Lines ({"text":…,"label":…})
  --format tsv|csv|jsonl what FILE is, where its name or its first line doesn't tell
  --model PATH_OR_ID     the base model, if it is no longer where it was in training
${modelHelp}`;

/** @type {import('./arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  test: { type: 'string' },
  format: { type: 'string' },
};

export const maxFiles = 0;

/** @param {import('./main.js').Context} context */
export async function run(context) {
  const { values, output } = context;
  const path = required(values, 'head', 'my-head');
  const testFile = required(values, 'test', 'test.tsv');
  const examples = await readExamples(testFile, 'text-classification', { format: choice(values, 'format', formats) });
  const metrics = await withHead(path, context, async (head) => {
    checkLabels(examples, testFile, head.labels);
    return head.evaluate(examples, listeners(context, testFile, examples));
  });
  const { accuracy, macroF1, n, labels, confusion } = metrics;
  await output.write([{ accuracy, macro_f1: macroF1, n, labels, confusion_matrix: confusion }]);
}
