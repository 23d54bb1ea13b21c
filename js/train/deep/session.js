// A training of the encoder from its plan to its end: a tuner within the memory that there is, checkpoints now and then, reports of progress.
import { createPause, progressReporter } from '../../rpc/progress.js';
import { BertletError } from '../../errors.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { compileTrainer } from './compile-trainer.js';
import { planMemory } from './plan-memory.js';
import { Tuner } from './tuner.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../rpc/serve.js').Context} Context */
/** @typedef {import('./train.js').Standing<any>} Standing */
/** @typedef {import('./tuner.js').TunerPlan} TunerPlan */

/** Milliseconds between two checkpoints. */
const CHECKPOINT_INTERVAL = 30_000;

/**
 * @typedef {object} SessionOptions
 * @property {Omit<TunerPlan, 'keptLayers'>} plan `maxTokens`: as many as a batch should have
 * @property {number} longest tokens of the longest example
 * @property {{ memory?: number, checkpoints: boolean, resume?: Uint8Array }} how
 * @property {() => string} describe what must be the same when training goes on, see `describeRun`
 * @property {(tuner: Tuner) => void} drawInitial gives the tuner what training starts from
 * @property {number} [finished] how many numbers each of `standing.finished` has, where trainings follow each other
 * @property {'epochs' | 'history'} [historyName] what reports of progress call the history; undefined: they have none
 */

/**
 * What training works with. `onStep` is to be called after each step, with its loss, the tokens trained on so far, and the steps in all;
 * `onEnd` where training ends before all of them.
 * @typedef {object} Session
 * @property {Tuner} tuner
 * @property {TunerPlan} plan as the memory allows
 * @property {Standing} standing where training stands, to be changed as it goes on
 * @property {() => Promise<void>} pause
 * @property {(standing: Standing, loss: number, tokens: number, steps: number) => void} onStep
 * @property {(steps: number) => void} onEnd
 */

/**
 * Does something with a tuner, which lives as long. A failed or aborted training leaves a checkpoint of its last whole step.
 * @template T
 * @param {Engine} engine
 * @param {SessionOptions} options
 * @param {Context} context
 * @param {(session: Session) => Promise<T>} work
 * @returns {Promise<T>} rejects with OUT_OF_MEMORY, BAD_CHECKPOINT, and with what `work` rejects with
 */
export async function withTuner(engine, options, context, work) {
  const { plan: wanted, longest, how, describe, drawInitial, finished, historyName } = options;
  const compiled = await compileTrainer(engine.compiled);
  const memory = await planMemory(engine.config, compiled, wanted, { longest, budget: how.memory });
  const plan = { ...wanted, keptLayers: memory.keptLayers, maxTokens: memory.maxTokens };
  const tuner = await Tuner.create(engine, compiled, plan);
  /** Sends a checkpoint. @type {(() => void) | undefined} */
  let save;
  try {
    drawInitial(tuner);
    const standing = /** @type {Standing} */ ({ step: 0, loss: 0, history: [], best: undefined });
    if (finished !== undefined) standing.finished = [];
    const run = how.checkpoints || how.resume ? describe() : '';
    if (how.resume) {
      const checkpoint = readCheckpoint(how.resume, run, { trained: tuner.size, finished });
      tuner.writeState(checkpoint.state);
      Object.assign(standing, checkpoint.standing);
    }
    if (how.checkpoints)
      save = () => context.emit({ checkpoint: writeCheckpoint(run, standing, tuner.readState()) }, true);
    const listeners = stepReporter(tuner, context, historyName, save);
    return await work({ tuner, plan, standing, pause: createPause(context), ...listeners });
  } catch (error) {
    const isAlive = /** @type {Partial<BertletError>} */ (error).code !== 'WORKER_FAILED';
    if (isAlive) save?.(); // of the last whole step
    throw error;
  } finally {
    tuner.dispose();
  }
}

/**
 * What is done after each step: the caller hears of it, and gets a checkpoint now and then.
 * @param {Tuner} tuner
 * @param {Context} context
 * @param {SessionOptions['historyName']} historyName
 * @param {(() => void) | undefined} save sends a checkpoint
 * @returns {Pick<Session, 'onStep' | 'onEnd'>}
 */
function stepReporter(tuner, context, historyName, save) {
  const report = progressReporter(context, 'train');
  const began = performance.now();
  let saved = began;
  /** How many steps had been taken before. @type {number | undefined} */
  let first;
  /** @type {Session['onStep']} */
  const onStep = ({ step, history }, loss, tokens, steps) => {
    first ??= step - 1;
    const seconds = (performance.now() - began) / 1000;
    report(step, steps, {
      loss,
      ...(historyName && { [historyName]: history }),
      tokensPerSecond: tokens / seconds,
      secondsLeft: (seconds / (step - first)) * (steps - step),
      memory: tuner.memoryBytes,
    });
    if (!save || performance.now() - saved < CHECKPOINT_INTERVAL) return;
    save();
    saved = performance.now();
  };
  return { onStep, onEnd: (steps) => report(steps, steps, { memory: tuner.memoryBytes }) };
}

/** The heads of a model by their numbers. @typedef {Map<number, import('../../core/dense.js').ReadyHead>} Heads */

/**
 * Awaited before weights are changed: resolves when no other call reads them, with the heads that were trained on them.
 * @typedef {(signal: AbortSignal) => Promise<Heads>} UntilAlone
 */

/**
 * Gives the model new weights when nobody reads them. Rejects with HEAD_MODEL_MISMATCH if another training has changed them, or the signal's
 * reason, and then has changed nothing.
 * @param {Engine} engine
 * @param {string} fingerprint of the weights that this training knows
 * @param {AbortSignal} signal
 * @param {UntilAlone} untilAlone
 * @param {() => void} change
 */
export async function changeWeights(engine, fingerprint, signal, untilAlone, change) {
  const heads = await untilAlone(signal);
  checkTurn(engine, fingerprint, signal);
  change();
  if (engine.fingerprint === fingerprint) return;
  for (const { lora } of heads.values()) engine.adapters?.free(lora);
  heads.clear();
}

/**
 * Throws HEAD_MODEL_MISMATCH if another training has changed the weights, or the signal's reason; from here on a training is done.
 * @param {Engine} engine
 * @param {string} fingerprint of the weights that training began with
 * @param {AbortSignal} signal
 */
export function checkTurn(engine, fingerprint, signal) {
  if (engine.fingerprint !== fingerprint)
    throw new BertletError(
      'HEAD_MODEL_MISMATCH',
      'Another fit has given the model other weights meanwhile, so this one is lost. Train one after the other.',
    );
  signal.throwIfAborted();
}
