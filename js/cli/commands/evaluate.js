// bertlet evaluate: how good a head is on labelled examples.
import { schemes } from '../../decode/schemes.js';
import { choice, integer, probability, required } from '../lib/arguments.js';
import { formats, readExamples, readGivenLabels } from '../data/examples.js';
import { measure } from '../data/measure.js';
import { headHelp, modelHelp, modelOptions, withHead } from '../lib/model.js';
import { readTableOptions, tableHelp, tableOptions } from '../lib/table-options.js';

export const summary = 'measure a trained head on labelled examples';

export const help = `Usage: bertlet evaluate --head DIR --test FILE [options]
       bertlet evaluate --model PATH_OR_ID [--adapter DIR] --test FILE [options]

Compares what a head predicts for the examples in FILE with their labels. Prints one line:
  text-classification   {"accuracy":…,"macro_f1":…,"micro_f1":…,"n":…,"labels":[…],"classes":[…],
                         "confusion_matrix":[[…],…]} (rows: the true labels, columns: the predicted ones)
  multi-label           {"accuracy":…,"macro_f1":…,"micro_f1":…,"n":…,"labels":[…],"classes":[…]}
  regression            {"pearson":…,"spearman":…,"r2":…,"mse":…,"n":…}
  token-classification  {"precision":…,"recall":…,"f1":…,"accuracy":…,"n":…,"types":{…}}
  question-answering    {"exact_match":…,"f1":…,"n":…} (in percent)
  sentence-similarity   {"spearman":…,"pearson":…,"n":…} (cosines beside scores of any scale), or of pairs without scores
                         {"mean_reciprocal_rank":…,"recall_at_1":…,"n":…} (how well each text finds its pair among those
                         of all)

${headHelp}
  --test FILE            labelled examples: as for bertlet train
  --format tsv|csv|jsonl|conll|squad
                         format of FILE (default: by its name or its first line)
${tableHelp}
  --labels FILE          names for labels that examples give by index, and for the outputs of a model's or an adapter's
                         own head
  --threshold P          multi-label: lowest probability at which a text has a label (default: 0.5)
  --decoding viterbi|argmax
                         token-classification: the best valid sequence of tags, or each word's best tag
                         (default: viterbi; argmax for a checkpoint's own head)
  --scheme IOB1|IOB2|IOE1|IOE2|IOBES|BILOU
                         token-classification: how the tags say where entities begin and end; only entities whose tags
                         are valid in it count, as in seqeval's strict mode (default: tags of all schemes are read)
  --stride N             token-classification: read long sentences in windows that share N tokens (default: they are cut)
${modelHelp}`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  test: { type: 'string' },
  format: { type: 'string' },
  ...tableOptions,
  labels: { type: 'string' },
  threshold: { type: 'string' },
  decoding: { type: 'string' },
  scheme: { type: 'string' },
  stride: { type: 'string' },
};

export const maxFiles = 0;

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, output, progress } = context;
  const file = required(values, 'test', 'test.tsv');
  const format = choice(values, 'format', formats);
  const threshold = probability(values, 'threshold');
  const decoding = choice(values, 'decoding', ['viterbi', 'argmax']);
  const table = readTableOptions(values);
  const scheme = choice(values, 'scheme', schemes);
  const stride = integer(values, 'stride', 0);
  const labels = await readGivenLabels(values);
  const metrics = await withHead(context, { command: 'evaluate', labels }, async (head) => {
    const { task } = head;
    const examples = await readExamples(file, task, {
      format,
      labels,
      table,
      warn: (message) => progress.warn(message),
    });
    return measure(head, { file, examples }, context, { threshold, decoding, scheme, stride });
  });
  await output.write([metrics]);
}
