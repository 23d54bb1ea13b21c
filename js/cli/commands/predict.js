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

Prints a line for each text, the most likely result first:
  text-classification, multi-label   [{"label":…,"score":…},…]
  regression                         [{"label":…,"score":…}], the number that the model gives
  token-classification               [{"entity_group":…,"score":…,"word":…,"start":…,"end":…},…], in the order of the text
  question-answering                 [{"answer":…,"score":…,"start":…,"end":…},…]

${headHelp}
  --labels FILE          names for the labels of a model's or an adapter's own head, by index: a name per line, or a JSON array
  --top-k N              only the best N labels, or the N best answers (default: all labels, one answer)
  --aggregation-strategy sequence|none|simple|first|average|max
                         how tokens become entities (default: sequence; simple for a checkpoint's own head)
  --stride N             find entities in all of a long text, in windows that share N tokens (default: long texts are cut)
  --threshold P          only labels of at least this probability: an empty list means none of these
  --handle-impossible-answer  "" is a possible answer, too, which means that the context has none
  --max-answer-len N     maximum length of an answer in tokens (default: 30)
  --max-seq-len N        tokens of a window of a long context, with the question (default: 384, or the model's maximum)
  --doc-stride N         tokens that a window shares with the one before (default: 128, at most a third of a window)
${modelHelp}
  --json                 each line is a JSON string, so that a text may hold line ends,
                         or, to be labelled, a pair, {"text":…,"text_pair":…}
  FILE                   texts, one per line (default: standard input); for answers each line is
                         {"question":…,"context":…}`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  labels: { type: 'string' },
  'top-k': { type: 'string' },
  threshold: { type: 'string' },
  'aggregation-strategy': { type: 'string' },
  stride: { type: 'string' },
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
  const entityOptions = { aggregationStrategy, stride: integer(values, 'stride', 0) };
  const answerOptions = {
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
    if (answerOptions.maxTokens !== undefined && answerOptions.maxTokens > maxTokens)
      throw new UsageError(`--max-seq-len is ${answerOptions.maxTokens}, but this model takes ${maxTokens} tokens`);
    // Lines of questions are objects, which `predict` parses.
    const json = values.json === true && head.task !== 'question-answering';
    const readOptions = { json, pairs: 'classify' in head || 'score' in head, signal };
    for await (const { texts, line, name } of readTexts(files[0], readOptions)) {
      const listeners = { signal, onWarning: progress.warnAbout(name, (index) => line + index) };
      const results = await predict(
        head,
        texts,
        { topK, threshold, entityOptions, answerOptions },
        {
          ...listeners,
          locate: (index) => `${name}, line ${line + index}`,
        },
      );
      await output.write(
        results.map((list) => list.map((result) => ({ ...result, score: shortest(Math.fround(result.score)) }))),
      );
    }
  });
}

/**
 * What a head of any task predicts.
 * @param {import('../../api/heads/any-head.js').AnyHead} head
 * @param {import('../../types.js').TextInput[]} texts pairs for classification only; for answers, JSON of questions
 * @param {object} given
 * @param {number} [given.topK]
 * @param {number} [given.threshold]
 * @param {{ aggregationStrategy?: import('../../api/heads/token-classifier.js').AggregationStrategy, stride?: number }} given.entityOptions
 * @param {import('../../api/heads/question-answerer.js').AnswerOptions} given.answerOptions
 * @param {import('../../types.js').TaskOptions & { locate: (index: number) => string }} options `locate`: file and line of a text, for
 *   messages
 * @returns {Promise<{ score: number }[][]>}
 */
async function predict(head, texts, { topK, threshold, entityOptions, answerOptions }, { locate, ...options }) {
  if ('classify' in head) return head.classify(texts, { topK, threshold, ...options });
  if (head.task === 'sentence-similarity')
    throw new UsageError(
      'predict is for heads with labels, numbers, entities or answers; this one gives vectors: embed --head',
    );
  if ('score' in head) {
    const scores = await /** @type {import('../../api/heads/text-regressor.js').TextRegressor} */ (head).score(
      texts,
      options,
    );
    return scores.map((score) => [score].flat().map((one, i) => ({ label: head.labels[i], score: one })));
  }
  const strings = /** @type {string[]} */ (texts);
  if ('entities' in head) return head.entities(strings, { ...entityOptions, ...options });
  const questions = strings.map((text, index) => parseQuestion(text, locate(index)));
  return head.answer(questions, { topK, ...answerOptions, ...options });
}

/**
 * The question and context of a line. Throws BAD_INPUT.
 * @param {string} line
 * @param {string} location file and line, for messages
 * @returns {{ question: string, context: string }}
 */
function parseQuestion(line, location) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    // What is not JSON is reported below, as any other value that is not a question.
  }
  const { question, context } = value ?? {};
  if (typeof question !== 'string' || typeof context !== 'string')
    throw new BertletError(
      'BAD_INPUT',
      `${location}: this is not {"question": "…", "context": "…"}, which this head answers.`,
    );
  return { question, context };
}
