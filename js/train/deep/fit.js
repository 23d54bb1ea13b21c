// The worker's side of `fit` where the encoder is trained along with the head.
import { tensorsOf } from '../../core/tensors.js';
import { BATCH_TOKENS } from '../../engine/engine.js';
import { createPause } from '../../rpc/progress.js';
import { answerTask } from './answer-task.js';
import { longestOf } from './batches.js';
import { describeRun } from './checkpoint.js';
import { dropoutOf } from './dropout.js';
import { encoderPlan } from './encoder-plan.js';
import { HiddenStates } from './hidden-states.js';
import { drawAdapters, drawHead } from './initial.js';
import { changeWeights, checkTurn, withTuner } from './session.js';
import { taggingTask } from './tagging-task.js';
import { textTask } from './text-task.js';
import { train } from './train.js';
import { networkOf, replaceWeights, reportOf } from './trained.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */

/**
 * How the encoder is tuned, see FitOptions; checked.
 * @typedef {object} Tuning
 * @property {'lora' | 'layers' | 'full'} method
 * @property {number} rank
 * @property {number} alpha
 * @property {boolean} rslora
 * @property {number} dropout
 * @property {string | string[]} targetModules
 * @property {string[]} modulesToSave
 * @property {number} layers
 * @property {number} [epochs]
 * @property {number} batchSize
 * @property {number} learningRate
 * @property {number} warmup
 * @property {number} weightDecay
 * @property {number} maxTokens
 * @property {number} [memory] in bytes
 * @property {boolean} crf of entities: whether a conditional random field is trained on top
 * @property {boolean} earlyStopping
 * @property {boolean} checkpoints whether the caller wants them
 * @property {Uint8Array} [resume] a checkpoint
 */

/** Epochs by default, but as many as it takes for MIN_STEPS, up to MAX_EPOCHS. */
const EPOCHS = {
  'text-classification': 3,
  'multi-label': 3,
  regression: 3,
  'token-classification': 5,
  'question-answering': 2,
};
const MIN_STEPS = 100;
const MAX_EPOCHS = 20;

/**
 * Trains adapters or weights of the encoder, and a head. The engine has those weights when it resolves.
 * @param {Engine} engine
 * @param {any} params of the task's function in js/train/frozen/, and `tuning`
 * @param {import('../../rpc/serve.js').Context} context
 * @param {import('./session.js').UntilAlone} untilAlone
 * @returns {Promise<{ network: import('../../core/dense.js').HeadNetwork, transitions?: Float32Array, report: object, validation: any }>}
 *   `validation` as of the task's function. Rejects with BAD_INPUT, BAD_CHECKPOINT, OUT_OF_MEMORY, BAD_WEIGHTS,
 *   HEAD_MODEL_MISMATCH if another fit has changed the model meanwhile, or the signal's reason
 */
export async function tune(engine, params, context, untilAlone) {
  const { config, fingerprint } = engine;
  return withTuned(engine, params, context, 0, async ({ tuner, plan, tensors, task, standing, logits }) => {
    const network = networkOf(tuner, config, tensors, plan);
    task.finish?.(network.dense[0]);
    const found = {
      network,
      ...(task.lossParameters && { transitions: tuner.lossParameters }),
      validation: task.validationOf?.(logits ?? []),
      report: reportOf(params, task, plan, standing, engine),
    };
    const changesModel = plan.tuning.includes('TRAINED');
    if (changesModel)
      await changeWeights(engine, fingerprint, context.signal, untilAlone, () =>
        replaceWeights(engine, tuner, plan.tuning),
      );
    else checkTurn(engine, fingerprint, context.signal);
    return found;
  });
}

/**
 * What was trained, as long as its tuner is there.
 * @typedef {object} Tuned
 * @property {import('./tuner.js').Tuner} tuner
 * @property {import('./tuner.js').TunerPlan} plan
 * @property {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @property {Awaited<ReturnType<typeof taskOf>>} task
 * @property {HiddenStates | undefined} below where training begins above the embeddings
 * @property {import('./train.js').Standing} standing at the end
 * @property {Float32Array[] | undefined} logits of held-out examples, as `train` gives them
 */

/**
 * Trains, and calls `use` with the result. The model stays as it is.
 * @template T
 * @param {Engine} engine
 * @param {any} params of `tune`
 * @param {import('../../rpc/serve.js').Context} context
 * @param {number} longestUsed tokens of the longest text that `use` reads besides the examples
 * @param {(tuned: Tuned) => Promise<T>} use
 * @returns {Promise<T>} rejects as `tune`, but for HEAD_MODEL_MISMATCH
 */
export async function withTuned(engine, params, context, longestUsed, use) {
  const { tuning: how, task: name, seed } = params;
  const { config } = engine;
  const pause = createPause(context);
  const task = await taskOf(engine, params, pause, context);
  const tensors = tensorsOf(engine.core, engine.model);
  const ofEncoder = encoderPlan(engine, [...tensors.keys()], how.method, how);
  const epochs = how.epochs ?? defaultEpochs(name, Math.ceil(task.train.length / how.batchSize));
  const longest = Math.max(longestUsed, longestOf([...task.train, ...task.heldOut].map(({ encoded }) => encoded)));
  const { features } = dropoutOf(engine.configJson);
  const wanted = {
    ...ofEncoder,
    maxTokens: BATCH_TOKENS,
    pooling: task.pooling,
    dropout: { ...ofEncoder.dropout, features: name === 'question-answering' ? 0 : features },
    outputs: task.outputs,
    lossParameters: task.lossParameters,
    lossBytes: task.lossBytes?.(engine.core, Math.max(longest, BATCH_TOKENS)),
  };
  const options = {
    plan: wanted,
    longest,
    how,
    describe: () => describeRun(engine, params, { epochs }),
    drawInitial(/** @type {import('./tuner.js').Tuner} */ tuner) {
      drawHead(tuner.head, wanted.outputs * config.hiddenSize, seed);
      drawAdapters(tuner, tensors, wanted, seed + 1);
    },
    historyName: /** @type {const} */ ('epochs'),
  };
  return withTuner(engine, options, context, async ({ tuner, plan, standing, onStep }) => {
    const below = plan.embeds ? undefined : new HiddenStates(engine, plan.begin ?? 0, pause);
    const trainOptions = { ...how, epochs, maxTokens: plan.maxTokens, seed };
    const logits = await train(engine, tuner, task, trainOptions, below, standing, { pause, onStep });
    return use({ tuner, plan, tensors, task, below, standing, logits });
  });
}

/**
 * @param {Engine} engine
 * @param {any} params
 * @param {() => Promise<void>} pause
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<import('./task.js').TuningTask<any> & { validationOf?: (logits: Float32Array[]) => unknown }>}
 */
function taskOf(engine, params, pause, context) {
  const { maxTokens } = params.tuning;
  if (params.task === 'question-answering') return answerTask(engine, params, pause, context);
  return (params.task === 'token-classification' ? taggingTask : textTask)(engine, params, maxTokens, pause, context);
}

/**
 * @param {keyof typeof EPOCHS} task
 * @param {number} steps of an epoch
 */
const defaultEpochs = (task, steps) => Math.max(EPOCHS[task], Math.min(Math.ceil(MIN_STEPS / steps), MAX_EPOCHS));
