// Which options each task, method and head has. An option that would have no effect is an error.
import { UsageError } from './arguments.js';

/** @typedef {import('../../types.js').HeadTask} Task */
/** @typedef {import('../../types.js').FitMethod} Method */

// The tasks that work on texts, on texts in tables, on words and on questions.
/** @type {Task[]} */
const texts = ['text-classification', 'multi-label'];
/** @type {Task[]} */
const rows = [...texts, 'regression'];
/** @type {Task[]} */
const words = ['token-classification'];
/** @type {Task[]} */
const answers = ['question-answering'];

/** @type {Task[]} */
const pairs = ['sentence-similarity'];

/** Whether the examples of a task have labels, or tags. @param {Task} task */
export const hasLabels = (task) => [...texts, ...words].includes(task);

/** The options of tables. */
const tables = [...rows, ...pairs];
const table = {
  header: tables,
  'text-column': tables,
  'text-pair-column': tables,
  'label-column': tables,
  delimiter: tables,
};

/**
 * For each command, the tasks of the options that not all tasks have.
 * @type {Record<'train' | 'predict' | 'evaluate', Record<string, Task[]>>}
 */
const tasksOf = {
  train: {
    labels: [...texts, ...words],
    c: [...rows, ...words],
    'hidden-size': [...texts, ...words, ...answers],
    'class-weight': texts,
    pooling: rows,
    standardize: [...texts, ...words],
    scheme: words,
    crf: words,
    stride: answers,
    rounds: texts,
    'max-score': pairs,
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

/** @type {Method[]} */
const inEpochs = ['lora', 'layers', 'full'];
/** @type {Method[]} */
const tuning = [...inEpochs, 'contrastive'];
/** @type {Method[]} */
const adapters = ['lora', 'contrastive'];

/** The options of how the encoder is trained. @type {Record<string, Method[]>} */
const steps = {
  rank: adapters,
  alpha: adapters,
  rslora: adapters,
  dropout: adapters,
  'target-modules': adapters,
  'modules-to-save': ['lora'],
  layers: ['layers', 'contrastive'],
  tune: ['contrastive'],
  'batch-size': tuning,
  warmup: tuning,
  'weight-decay': tuning,
  memory: tuning,
};

/** What contrastive tuning must tune for an option. @type {Record<string, import('../../types.js').FitOptions['tune']>} */
const tunesOf = {
  rank: 'lora',
  alpha: 'lora',
  rslora: 'lora',
  dropout: 'lora',
  'target-modules': 'lora',
  layers: 'layers',
};

/** The methods of the options that not all methods have. @type {Record<'train' | 'learning-curve', Record<string, Method[]>>} */
const methodsOf = {
  train: {
    c: ['head', 'contrastive'],
    layer: ['head'],
    standardize: ['head'],
    'hidden-size': ['head'],
    ...steps,
    rounds: ['contrastive'],
    crf: inEpochs,
    checkpoint: tuning,
    resume: tuning,
  },
  'learning-curve': {
    ...steps,
    ...{ epochs: inEpochs, 'learning-rate': tuning, 'max-tokens': tuning, rounds: ['contrastive'] },
  },
};

/** Names of the options of \`learning-curve\` that not all methods have. */
export const curveTuning = Object.keys(methodsOf['learning-curve']);

/**
 * Throws UsageError if an option is not for the method, or for what contrastive tuning is to tune.
 * @param {keyof typeof methodsOf} command
 * @param {import('./arguments.js').Values} values
 * @param {Method} method
 */
export function checkMethod(command, values, method) {
  for (const [name, methods] of Object.entries(methodsOf[command])) {
    if (values[name] !== undefined && !methods.includes(method))
      throw new UsageError(`--${name} is for --method ${methods.join(', ')}; here it is ${method}`);
  }
  const { tune = 'lora' } = values;
  const wrong = Object.keys(tunesOf).find((name) => values[name] !== undefined && tunesOf[name] !== tune);
  if (method === 'contrastive' && wrong)
    throw new UsageError(`--${wrong} is for --tune ${tunesOf[wrong]} with --method contrastive; here it is ${tune}`);
  const trains = trainsModel(values, method);
  if (values.dtype === 'int8' && trains)
    throw new UsageError(`--dtype int8 has no weights that ${trains} could train; leave it out`);
}

/**
 * What trains the model's own weights, which must be in f32 then.
 * @param {import('./arguments.js').Values} values
 * @param {Method} method
 * @returns {string | undefined} the option, if there is one
 */
export function trainsModel(values, method) {
  if (method === 'contrastive') return (values.tune ?? 'lora') === 'lora' ? undefined : `--tune ${values.tune}`;
  if (method === 'lora') return values['modules-to-save'] === undefined ? undefined : '--modules-to-save';
  return method === 'head' ? undefined : `--method ${method}`;
}

/**
 * Throws UsageError if an option is not for the task or, of `train`, for the method or the kind of head.
 * @param {keyof typeof tasksOf} command
 * @param {import('./arguments.js').Values} values
 * @param {Task} task
 * @param {Method} [method]
 */
export function checkOptions(command, values, task, method = 'head') {
  for (const [name, tasks] of Object.entries(tasksOf[command])) {
    if (values[name] !== undefined && !tasks.includes(task))
      throw new UsageError(`--${name} is for ${tasks.join(', ')}; here the task is ${task}`);
  }
  if (command !== 'train') return;
  if (pairs.includes(task) && method !== 'contrastive')
    throw new UsageError(`--task ${task} has --method contrastive only, which need not be given; here it is ${method}`);
  checkMethod(command, values, method);
  if (method === 'head') checkHead(values, task);
  else checkTuning(values, task, method);
}

/**
 * Checks the options of `train` that depend on the kind of head.
 * @param {import('./arguments.js').Values} values
 * @param {Task} task
 */
function checkHead(values, task) {
  const hidden = values['hidden-size'] !== undefined;
  const forAnswers = answers.includes(task);
  const forNumbers = task === 'regression';
  const iterative = ['epochs', 'learning-rate'].find((name) => values[name] !== undefined);
  if (forNumbers && iterative)
    throw new UsageError(
      `--${iterative} is for --method ${inEpochs.join(', ')}; a head for numbers is computed exactly`,
    );
  if (iterative && !hidden && !forAnswers)
    throw new UsageError(
      `--${iterative} is for heads with hidden units; --hidden-size N makes such a head for ${task}, and --method ${(iterative === 'epochs' ? inEpochs : tuning).join(', ')} have it, too`,
    );
  if (values['early-stopping'] !== undefined && (!hidden || forAnswers))
    throw new UsageError(
      `--early-stopping is for heads with hidden units that label texts or words, and for --method ${inEpochs.join(', ')}`,
    );
  if (values['max-tokens'] !== undefined && !forAnswers)
    throw new UsageError(`--max-tokens is for ${answers.join(', ')}, and for --method ${tuning.join(', ')}`);
  if (values.c !== undefined && hidden)
    throw new UsageError('--c is for heads without hidden units; leave out one of --c and --hidden-size');
  if (values.standardize === 'auto' && words.includes(task))
    throw new UsageError(`--standardize auto is for ${texts.join(', ')}; for ${task} give true or false`);
  if (values.pooling === 'auto' && forNumbers)
    throw new UsageError(`--pooling auto is for ${texts.join(', ')}; for ${task} give mean, max or cls`);
  if (values.layer === 'auto' && (forAnswers || forNumbers))
    throw new UsageError(`--layer auto is for ${[...texts, ...words].join(', ')}; for ${task} give a number`);
}

/**
 * Checks the options of `train` where it trains more than a head.
 * @param {import('./arguments.js').Values} values
 * @param {Task} task
 * @param {Method} method
 */
function checkTuning(values, task, method) {
  const contrasted = [...texts, ...pairs];
  if (method === 'contrastive' && !contrasted.includes(task))
    throw new UsageError(`--method contrastive is for ${contrasted.join(', ')}; here the task is ${task}`);
  const isOfPairs = pairs.includes(task);
  const ofEpochs = ['epochs', 'early-stopping'].find((name) => values[name] !== undefined);
  if (ofEpochs && !inEpochs.includes(method) && !(ofEpochs === 'epochs' && isOfPairs))
    throw new UsageError(
      `--${ofEpochs} is for --method ${inEpochs.join(', ')}; ${isOfPairs ? `here it is ${method}` : `${method} has --rounds`}`,
    );
  if (values.pooling === 'auto')
    throw new UsageError(`--pooling auto is for --method head; for ${method} give mean, max or cls`);
  if (values['early-stopping'] !== undefined && !Number(values.validation))
    throw new UsageError(`--early-stopping with --method ${method} needs --validation SHARE, on which it looks`);
  if (values.resume !== undefined && values.checkpoint === undefined)
    throw new UsageError('--resume needs --checkpoint DIR, the folder that the interrupted training has written');
}
