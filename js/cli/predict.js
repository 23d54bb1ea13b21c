// bertlet predict: texts to labels.
import { required } from './arguments.js';
import { readTexts } from './input.js';
import { modelHelp, modelOptions, withHead } from './model.js';
import { shortest } from './output.js';

export const summary = 'label texts with a trained classifier';

export const help = `Usage: bertlet predict --head DIR [options] [FILE]

Labels each text. Prints, for each text, one line with all labels, the most likely one first:
  [{"label":…,"score":…},…]

  --head DIR             what bertlet train has written
  --model PATH_OR_ID     the base model, if it is no longer where it was in training
${modelHelp}
  --json                 each line is a JSON string, so that a text may hold line ends
  FILE                   texts, one a line (default: standard input)`;

/** @type {import('./arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  json: { type: 'boolean' },
};

export const maxFiles = 1;

/** @param {import('./main.js').Context} context */
export async function run(context) {
  const { values, files, signal, output, progress } = context;
  await withHead(required(values, 'head', 'my-head'), context, async (head) => {
    for await (const { texts, line, name } of readTexts(files[0], { json: values.json === true, signal })) {
      const onWarning = progress.warnAbout(name, (index) => line + index);
      const predictions = await head.classify(texts, { signal, onWarning });
      await output.write(
        predictions.map((labels) => labels.map(({ label, score }) => ({ label, score: shortest(score) }))),
      );
    }
  });
}
