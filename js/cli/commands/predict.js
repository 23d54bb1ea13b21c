// bertlet predict: texts to labels, entities or answers.
import { BertletError } from '../../errors.js';
import { choice, integer, probability, UsageError } from '../lib/arguments.js';
import { readGivenLabels } from '../data/examples.js';
import { readTexts } from '../lib/input.js';
import { headHelp, modelHelp, modelOptions, withHead } from '../lib/model.js';
import { shortest } from '../lib/output.js';

export const summary = 'label texts, find entities or answers with a trained head';

export const help = `Usage: bertlet predict --head DIR [options] [FILE]
       bertlet predict --model PATH_OR_ID [--adapter DIR] [options] [FILE]

Prints a line for each text, the likeliest first:
  text-classification, multi-label   [{"label":…,"score":…},…]
  token-classification               [{"entity_group":…,"score":…,"word":…,"start":…,"end":…},…], in the text's order
  question-answering                 [{"answer":…,"score":…,"start":…,"end":…},…]

${headHelp}
  --labels FILE          names for the labels of a model's or an adapter's own head, by index: a name a line, or a JSON array
  --top-k N              only the best N labels, or the N best answers (default: all labels, one answer)
  --aggregation-strategy sequence|none|simple|first|average|max
                         how tokens become entities (default: sequence, for a checkpoint's own head simple)
  --threshold P          only labels of at least this probability: an empty list means none of these
  --handle-impossible-answer  the answer may be that there is none: "", with a score of its own
  --max-answer-len N     the longest answer, in tokens (default: 30)
  --max-seq-len N        tokens of a window of a long context, with the question (default: 384, or what the model takes)
  --doc-stride N         tokens that a window shares with the one before (default: 128, in short ones a third)
${modelHelp}
  --json                 each line is a JSON string, so that a text may hold line ends,
                         or, to be labelled, a pair, {"text":…,"text_pair":…}
  FILE                   texts, one a line (default: standard input); for answers each line is
                         {"question":…,"context":…}`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  labels: { type: 'string' },
  'top-k': { type: 'string' },
  threshold: { type: 'string' },
  'aggregation-strategy': { type: 'string' },
  'handle-impossible-answer': { type: 'boolean' },
  'max-answer-len': { type: 'string' },
  'max-seq-len': { type: 'string' },
  'doc-stride': { type: 'string' },
  json: { type: 'boolean' },
};

export const maxFiles = 1;

/** @type {import('../../api/heads/token-classifier.js').AggregationStrategy[]} */
const strategies = ['sequence', 'none', 'simple', 'first', 'average', 'max'];

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, files, signal, output, progress } = context;
  const topK = integer(values, 'top-k', 1);
  const threshold = probability(values, 'threshold');
  const aggregationStrategy = choice(values, 'aggregation-strategy', strategies);
  const answering = {
    noAnswer: values['handle-impossible-answer'] === true,
    maxAnswerTokens: integer(values, 'max-answer-len', 1),
    maxTokens: integer(values, 'max-seq-len', 1),
    stride: integer(values, 'doc-stride', 0),
  };
  if (values.labels !== undefined && values.head !== undefined)
    throw new UsageError(
      "--labels is for a model's or an adapter's own head; bertlet train --labels names those of --head",
    );
  const labels = await readGivenLabels(values);
  await withHead(context, { command: 'predict', labels }, async (head, { maxTokens }) => {
    if (answering.maxTokens !== undefined && answering.maxTokens > maxTokens)
      throw new UsageError(`--max-seq-len is ${answering.maxTokens}, but this model takes ${maxTokens} tokens`);
    const forAnswers = head.task === 'question-answering'; // whose lines are JSON in any case
    const reading = { json: values.json === true && !forAnswers, pairs: 'classify' in head, signal };
    for await (const { texts, line, name } of readTexts(files[0], reading)) {
      const listeners = { signal, onWarning: progress.warnAbout(name, (index) => line + index) };
      const results = await predict(
        head,
        texts,
        { topK, threshold, aggregationStrategy, answering },
        {
          ...listeners,
          where: (index) => `${name}, line ${line + index}`,
        },
      );
      await output.write(
        results.map((list) => list.map((one) => ({ ...one, score: shortest(Math.fround(one.score)) }))),
      );
    }
  });
}

/**
 * @param {import('../../api/heads/create.js').AnyHead} head
 * @param {import('../../types.js').TextInput[]} texts pairs only to be labelled
 * @param {object} given
 * @param {number} [given.topK]
 * @param {number} [given.threshold]
 * @param {import('../../api/heads/token-classifier.js').AggregationStrategy} [given.aggregationStrategy]
 * @param {import('../../api/heads/question-answerer.js').AnswerOptions} given.answering
 * @param {import('../../types.js').TaskOptions & { where: (index: number) => string }} options
 * @returns {Promise<{ score: number }[][]>}
 */
async function predict(head, texts, { topK, threshold, aggregationStrategy, answering }, { where, ...options }) {
  if ('classify' in head) return head.classify(texts, { topK, threshold, ...options });
  const strings = /** @type {string[]} */ (texts);
  if ('entities' in head) return head.entities(strings, { aggregationStrategy, ...options });
  const questions = strings.map((text, index) => parseQuestion(text, where(index)));
  return head.answer(questions, { topK, ...answering, ...options });
}

/**
 * @param {string} line
 * @param {string} where
 * @returns {{ question: string, context: string }}
 */
function parseQuestion(line, where) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    // reported below, like every other value that is no question
  }
  const { question, context } = value ?? {};
  if (typeof question !== 'string' || typeof context !== 'string')
    throw new BertletError(
      'BAD_INPUT',
      `${where}: this is not {"question": "…", "context": "…"}, which this head answers.`,
    );
  return { question, context };
}
