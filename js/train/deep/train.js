// The steps of training: epochs of batches, a measurement on held-out examples after each epoch, the best of which is kept, and states from
// which an interrupted training goes on.
import { assemble, cut } from './batches.js';
import { orderOf, rateAt } from './schedule.js';

/** @typedef {import('./task.js').TuningExample} TuningExample */

/**
 * @typedef {object} TrainOptions
 * @property {number} epochs
 * @property {number} batchSize examples of a step
 * @property {number} learningRate the highest, see `rateAt`
 * @property {number} warmup share of the steps
 * @property {number} weightDecay
 * @property {number} maxTokens of a batch; a step of more is cut
 * @property {boolean} earlyStopping whether training ends when held-out examples have not become better in PATIENCE epochs
 * @property {number} seed
 */

/** What an epoch brought. @typedef {import('../../types.js').EpochReport} EpochReport */

/**
 * Where training stands between two steps.
 * @template [H=EpochReport]
 * @typedef {object} Standing
 * @property {number} step how many have been taken
 * @property {number} loss sum over the steps since the history's last entry
 * @property {H[]} history
 * @property {{ epoch: number, values: Float32Array } | undefined} best after which entry of the history, from 1, held-out examples were best, and
 *   all that is trained then
 * @property {Float32Array[]} [finished] where trainings follow each other: what each that has ended has left, numbers of SessionOptions' `finished`
 */

/**
 * @typedef {object} Hooks
 * @property {() => Promise<void>} pause
 * @property {(standing: Standing, loss: number, tokens: number, steps: number) => void} onStep `loss`: of the step; `tokens`: that this call
 *   has trained on; `steps`: of the whole training, if
 *   it does not end sooner
 */

/** After so many epochs without a better score, training ends. */
const PATIENCE = 2;

/** To which the L2 norm of a gradient is cut down, as transformers' Trainer does. */
export const MAX_NORM = 1;

/**
 * Trains.
 * @template {TuningExample} T
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {import('./tuner.js').Tuner} tuner in the state that belongs to `standing`
 * @param {import('./task.js').TuningTask<T>} task
 * @param {TrainOptions} options
 * @param {import('./hidden-states.js').HiddenStates | undefined} below where training begins above the embeddings
 * @param {Standing} standing changed
 * @param {Hooks} hooks
 * @returns {Promise<Float32Array[] | undefined>} [heldOut][rows][outputs] logits after the best epoch; the tuner then has what was trained
 *   until then. undefined: none are held out. Rejects with BAD_WEIGHTS, OUT_OF_MEMORY, and with what `pause` rejects with
 */
export async function train(engine, tuner, task, options, below, standing, { pause, onStep }) {
  const { epochs, batchSize, learningRate, warmup, weightDecay, maxTokens, earlyStopping, seed } = options;
  const ofEpoch = Math.ceil(task.train.length / batchSize);
  const steps = epochs * ofEpoch;
  const batchOf = (/** @type {T[]} */ examples) => batchFor(engine, task, examples, below);
  const logitsOfHeldOut = () => logitsOf(tuner, task, task.heldOut, maxTokens, batchOf, pause);
  const endEpochIfDue = async () => {
    if (standing.step === (standing.history.length + 1) * ofEpoch)
      await endEpoch(tuner, task, standing, ofEpoch, logitsOfHeldOut);
  };
  await endEpochIfDue(); // where a measurement was interrupted
  let tokens = 0;
  /** Of the epoch's examples. @type {number[]} */
  let order = [];
  const isDone = () => standing.step === steps || (earlyStopping && isOver(standing));
  while (!isDone()) {
    const epoch = Math.floor(standing.step / ofEpoch);
    const first = (standing.step % ofEpoch) * batchSize;
    if (first === 0 || order.length === 0) order = orderOf(task.train.length, seed, epoch);
    const examples = order.slice(first, first + batchSize).map((i) => task.train[i]);
    const total = examples.reduce((sum, { weight }) => sum + weight, 0);
    const parts = [];
    for (const some of cut(examples, maxTokens)) {
      const batch = await batchOf(some);
      parts.push({
        batch,
        loss: task.lossOf(some, batch.starts),
        share: some.reduce((sum, { weight }) => sum + weight, 0) / total,
      });
      tokens += batch.starts[some.length];
    }
    const rate = learningRate * rateAt(standing.step, steps, warmup);
    const { loss } = await tuner.step(parts, { learningRate: rate, weightDecay, maxNorm: MAX_NORM, seed }, pause);
    standing.step += 1;
    standing.loss += loss;
    await endEpochIfDue();
    onStep(standing, loss, tokens, isDone() ? standing.step : steps);
    await pause();
  }
  if (!standing.best) return undefined;
  tuner.writeValues(standing.best.values);
  return logitsOfHeldOut();
}

/**
 * Measures on held-out examples, and keeps what is best. `standing` changes when all is measured: an interrupted training measures again.
 * @template {TuningExample} T
 * @param {import('./tuner.js').Tuner} tuner
 * @param {import('./task.js').TuningTask<T>} task
 * @param {Standing} standing
 * @param {number} steps of an epoch
 * @param {() => Promise<Float32Array[]>} logitsOfHeldOut
 */
async function endEpoch(tuner, task, standing, steps, logitsOfHeldOut) {
  const epoch = standing.history.length + 1;
  /** @type {EpochReport} */
  const report = { epoch, loss: standing.loss / steps };
  if (task.heldOut.length > 0) {
    const { loss, score } = await task.measure(await logitsOfHeldOut(), tuner.lossParameters);
    report.heldOut = { loss, [task.scoreName]: score };
    const before = standing.best && standing.history[standing.best.epoch - 1].heldOut;
    const isBetter =
      !before || score > before[task.scoreName] || (score === before[task.scoreName] && loss < before.loss);
    if (isBetter) standing.best = { epoch, values: tuner.readValues() };
  }
  standing.history.push(report);
  standing.loss = 0;
}

/** Whether the last epochs brought nothing. @param {Standing} standing */
const isOver = ({ best, history }) => best !== undefined && history.length - best.epoch >= PATIENCE;

/**
 * A batch of examples, with the rows that the head reads and the hidden states that the tuner begins with.
 * @template {TuningExample} T
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {Pick<import('./task.js').TuningTask<T>, 'rowsOf'>} task
 * @param {T[]} examples
 * @param {import('./hidden-states.js').HiddenStates | undefined} below
 * @returns {Promise<import('./tuner.js').TunerBatch>}
 */
export async function batchFor(engine, { rowsOf }, examples, below) {
  const batch = assemble(engine, examples);
  const rows = rowsOf?.(examples, batch.starts).flat();
  return { ...batch, ...(rows && { rows }), ...(below && { hidden: await below.of(examples) }) };
}

/**
 * Logits of examples, as in inference.
 * @template {TuningExample} T
 * @param {import('./tuner.js').Tuner} tuner
 * @param {Pick<import('./task.js').TuningTask<T>, 'rowsOf' | 'pooling' | 'outputs'>} task
 * @param {T[]} examples
 * @param {number} maxTokens
 * @param {(examples: T[]) => Promise<import('./tuner.js').TunerBatch>} batchOf
 * @param {() => Promise<void>} pause
 * @returns {Promise<Float32Array[]>} [examples][rows][outputs]
 */
export async function logitsOf(tuner, { rowsOf, pooling, outputs }, examples, maxTokens, batchOf, pause) {
  /** @type {Float32Array[]} */
  const all = [];
  for (const some of cut(examples, maxTokens)) {
    const batch = await batchOf(some);
    const logits = tuner.logits(batch);
    const rows = rowsOf?.(some, batch.starts);
    let at = 0;
    some.forEach(({ encoded }, i) => {
      const count = rows?.[i].length ?? (pooling === 'none' ? encoded.ids.length : 1);
      all.push(logits.slice(at, (at += count * outputs)));
    });
    await pause();
  }
  return all;
}
