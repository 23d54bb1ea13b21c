// Which options each task and head has. An option that would have no effect is an error.
import { UsageError } from './arguments.js';

/** @typedef {import('../../types.js').HeadTask} Task */

// The tasks that work on texts, words and questions.
/** @type {Task[]} */
const texts = ['text-classification', 'multi-label'];
/** @type {Task[]} */
const words = ['token-classification'];
/** @type {Task[]} */
const answers = ['question-answering'];

/** The options of tables. */
const table = { header: texts, 'text-column': texts, 'label-column': texts, delimiter: texts };

/**
 * For each command, the tasks of the options that not all tasks have.
 * @type {Record<'train' | 'predict' | 'evaluate', Record<string, Task[]>>}
 */
const tasksOf = {
  train: {
    labels: [...texts, ...words],
    c: [...texts, ...words],
    'class-weight': texts,
    pooling: texts,
    standardize: [...texts, ...words],
    scheme: words,
    ...table,
  },
  predict: {
    labels: [...texts, ...words],
    'top-k': [...texts, ...answers],
    threshold: texts,
    'aggregation-strategy': words,
    stride: words,
    'handle-impossible-answer': answers,
    'max-answer-len': answers,
    'max-seq-len': answers,
    'doc-stride': answers,
  },
  evaluate: {
    labels: [...texts, ...words],
    threshold: ['multi-label'],
    decoding: words,
    scheme: words,
    stride: words,
    ...table,
  },
};

/**
 * Throws UsageError if an option is not for the task or for the kind of head.
 * @param {keyof typeof tasksOf} command
 * @param {import('./arguments.js').Values} values
 * @param {Task} task
 */
export function checkOptions(command, values, task) {
  for (const [name, tasks] of Object.entries(tasksOf[command])) {
    if (values[name] !== undefined && !tasks.includes(task))
      throw new UsageError(`--${name} is for ${tasks.join(', ')}; here the task is ${task}`);
  }
  if (command === 'train') checkHead(values, task);
}

/**
 * Checks the options of `train` that depend on the kind of head.
 * @param {import('./arguments.js').Values} values
 * @param {Task} task
 */
function checkHead(values, task) {
  const hidden = values['hidden-size'] !== undefined;
  const forAnswers = answers.includes(task);
  const iterative = ['epochs', 'learning-rate'].find((name) => values[name] !== undefined);
  if (iterative && !hidden && !forAnswers)
    throw new UsageError(
      `--${iterative} is for heads with hidden units; --hidden-size N makes such a head for ${task}`,
    );
  if (values.c !== undefined && hidden)
    throw new UsageError('--c is for heads without hidden units; leave out one of --c and --hidden-size');
  if (values.standardize === 'auto' && words.includes(task))
    throw new UsageError(`--standardize auto is for ${texts.join(', ')}; for ${task} give true or false`);
  if (values.layer === 'auto' && forAnswers)
    throw new UsageError(`--layer auto is for ${[...texts, ...words].join(', ')}; for ${task} give a number`);
}
