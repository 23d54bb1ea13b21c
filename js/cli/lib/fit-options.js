// The options of `bertlet train` that say how is trained.
import { schemes } from '../../decode/schemes.js';
import { choice, integer, notNegative, positive, probability, required, size, truth, UsageError } from './arguments.js';

/** @typedef {import('./arguments.js').Values} Values */
/** @typedef {import('../../types.js').FitOptions} FitOptions */

/** The methods, the default first. @type {import('../../types.js').FitMethod[]} */
export const methods = ['head', 'lora', 'layers', 'full', 'contrastive'];

export const fitHelp = `  --method head|lora|layers|full|contrastive
                         what is trained besides the head: nothing (the default), adapters beside the model's weights
                         (LoRA), its last layers, or all of it. DIR is then a head, to be named with --head; with layers
                         and full the whole model, with the head in it, to be named with --model; both compute in f32. contrastive,
                         for few examples of texts: adapters, or what --tune says, by pairs of examples, if that is better
                         than nothing; the only method of sentence-similarity, and its default
  --validation SHARE     share of the examples, 0 to 0.9, that is held out of training to measure on (default: 0); with
                         lora, layers and full the epoch is kept that is best on them
  --epochs N             rounds through the examples: with hidden units, for question-answering, and with lora, layers and
                         full (default: 3 for texts, 5 for entities, 2 for question-answering, more of few examples); and
                         for sentence-similarity (default: until there are 100 steps, at most 10)
  --learning-rate NUMBER likewise, and with contrastive (default: 0.001 for adapters, 0.0003 for layers, 0.0002 for full)
  --early-stopping true|false
                         whether training ends when epochs bring nothing any more (default: true), with hidden units, and
                         with --validation
  --class-weight balanced
                         all labels count the same, however many examples they have
  --pooling mean|max|cls|auto
                         how a text's tokens become one vector (default: mean); auto with --method head only
  --scheme IOB1|IOB2|IOE1|IOE2|IOBES|BILOU
                         how the tags say where entities begin and end (default: recognized)
  --max-tokens N         tokens of a text, of which more are not trained on (default: 128), or, in question-answering, of a
                         window of a long context with the question (default: 384)
  --stride N             tokens that a window of a long context shares with the one before, in question-answering (default: 128)
  --seed N               seed of random numbers (default: 0)

Only with --method head:
  --c NUMBER             inverse strength of regularization (default: chosen by cross-validation); contrastive has it, too
  --layer N|auto         layer whose hidden states the head reads (default: the last; token-classification: auto)
  --standardize true|false|auto
                         scale features to mean 0 and standard deviation 1 (default: true for entities and with
                         hidden units)
  --hidden-size N        hidden units of the head (default: none); for entities it gets a conditional random field, too

Only with --method lora, layers, full and contrastive:
  --rank N               lora, contrastive: rank of the adapters (default: 16)
  --alpha NUMBER         lora, contrastive: adapters are multiplied by alpha / rank (default: twice the rank)
  --rslora               lora, contrastive: by alpha / sqrt(rank) instead
  --dropout SHARE        lora, contrastive: share of an adapter's inputs that are dropped (default: 0.05)
  --target-modules all-linear|NAME,…|PATTERN
                         lora, contrastive: which linear layers get an adapter, such as query,value (default: all-linear)
  --modules-to-save NAME,…
                         lora: modules of the encoder that are trained as a whole, such as LayerNorm or word_embeddings
                         (default: none); DIR is then a model, and f32 is computed in, as with layers
  --tune lora|layers|full
                         contrastive: what is tuned (default: lora); with layers and full DIR is a model, as with these
                         methods, also if it turns out better as it is
  --layers N             layers: how many of the last ones (default: 2)
  --rounds N             contrastive, for labels: how many pairs of each kind each example gets (default: 10, fewer of
                         more than 128 examples)
  --batch-size N         examples of a step (default: 32; for entities and question-answering 16), or pairs (default: 16)
  --warmup SHARE         share of the steps in which the learning rate rises (default: 0.1)
  --weight-decay NUMBER  of AdamW (default: 0.01)
  --crf                  for entities: a conditional random field on top
  --memory SIZE          memory that training may take, such as 400MB or 2GB: the less, the more is computed twice
                         (default: what there is to spare)
  --checkpoint DIR       folder for the state of training, which is written now and then, and on Ctrl-C; it is removed when
                         all is done
  --resume               go on from the state in the folder of --checkpoint, with the same examples and options: the result
                         is the same as if it had never been interrupted`;

/** Options of adapters. */
export const adapterOptions = /** @type {const} */ ({
  rank: { type: 'string' },
  alpha: { type: 'string' },
  rslora: { type: 'boolean' },
  dropout: { type: 'string' },
  'target-modules': { type: 'string' },
});

/** Options of steps, and of how training is interrupted. */
export const stepOptions = /** @type {const} */ ({
  'learning-rate': { type: 'string' },
  'max-tokens': { type: 'string' },
  seed: { type: 'string' },
  'batch-size': { type: 'string' },
  warmup: { type: 'string' },
  'weight-decay': { type: 'string' },
  memory: { type: 'string' },
  checkpoint: { type: 'string' },
  resume: { type: 'boolean' },
});

/** @type {import('./arguments.js').Options} */
export const fitOptions = {
  ...stepOptions,
  ...adapterOptions,
  method: { type: 'string' },
  validation: { type: 'string' },
  epochs: { type: 'string' },
  'early-stopping': { type: 'string' },
  'class-weight': { type: 'string' },
  pooling: { type: 'string' },
  scheme: { type: 'string' },
  stride: { type: 'string' },
  c: { type: 'string' },
  layer: { type: 'string' },
  standardize: { type: 'string' },
  'hidden-size': { type: 'string' },
  'modules-to-save': { type: 'string' },
  tune: { type: 'string' },
  layers: { type: 'string' },
  rounds: { type: 'string' },
  crf: { type: 'boolean' },
};

/**
 * The options of `fit` that were given, without the checkpoint. Throws UsageError.
 * @param {Values} values
 * @returns {Omit<FitOptions, 'task' | 'onCheckpoint' | 'resume'>}
 */
export function readFitOptions(values) {
  const hiddenSize = integer(values, 'hidden-size', 1);
  const standardize = choice(values, 'standardize', ['true', 'false', 'auto']);
  const options = {
    ...readStepOptions(values),
    method: choice(values, 'method', methods),
    validation: probability(values, 'validation'),
    epochs: integer(values, 'epochs', 1),
    earlyStopping: truth(values, 'early-stopping'),
    classWeight: choice(values, 'class-weight', ['balanced']),
    pooling: choice(values, 'pooling', ['mean', 'max', 'cls', 'auto']),
    scheme: choice(values, 'scheme', schemes),
    stride: integer(values, 'stride', 0),
    c: positive(values, 'c'),
    layer: values.layer === 'auto' ? /** @type {const} */ ('auto') : integer(values, 'layer', 0),
    standardize: standardize === 'auto' ? standardize : standardize && standardize === 'true',
    head: hiddenSize === undefined ? undefined : /** @type {const} */ ('mlp'),
    hiddenSize,
    modulesToSave:
      values['modules-to-save'] === undefined ? undefined : required(values, 'modules-to-save', 'LayerNorm').split(','),
    tune: choice(values, 'tune', ['lora', 'layers', 'full']),
    layers: integer(values, 'layers', 1),
    rounds: integer(values, 'rounds', 1),
    crf: /** @type {boolean | undefined} */ (values.crf),
  };
  if (Number(options.validation) > 0.9)
    throw new UsageError(`--validation must be from 0 to 0.9, not '${values.validation}'`);
  return /** @type {any} */ (onlyGiven(options));
}

/**
 * The options of steps and of adapters, undefined where they were not given. Throws UsageError.
 * @param {Values} values
 */
export function readStepOptions(values) {
  const options = {
    learningRate: positive(values, 'learning-rate'),
    maxTokens: integer(values, 'max-tokens', 3),
    seed: integer(values, 'seed', 0),
    rank: integer(values, 'rank', 1),
    alpha: positive(values, 'alpha'),
    rslora: /** @type {boolean | undefined} */ (values.rslora),
    dropout: probability(values, 'dropout'),
    targetModules: readTargetModules(values),
    batchSize: integer(values, 'batch-size', 1),
    warmup: probability(values, 'warmup'),
    weightDecay: notNegative(values, 'weight-decay'),
    memory: size(values, 'memory'),
  };
  if (options.dropout === 1) throw new UsageError('--dropout must be below 1, or nothing is left to learn from');
  if (options.memory !== undefined && options.memory > 2 ** 32)
    throw new UsageError('--memory can be 4GB at most, which is all that WebAssembly can have');
  return options;
}

/**
 * Without what was not given.
 * @template {object} T
 * @param {T} options
 * @returns {Partial<T>}
 */
export const onlyGiven = (options) =>
  /** @type {Partial<T>} */ (Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));

/**
 * Names of modules with commas between them, or a pattern, which has other characters than names have. Throws UsageError.
 * @param {Values} values
 * @returns {FitOptions['targetModules']}
 */
function readTargetModules(values) {
  if (values['target-modules'] === undefined) return undefined;
  const value = required(values, 'target-modules', 'query,value');
  return value !== 'all-linear' && /^[\w.]+(,[\w.]+)*$/.test(value) ? value.split(',') : value;
}
