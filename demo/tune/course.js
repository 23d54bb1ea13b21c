// A training of the encoder: what it learns from, and what has come of it so far.

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').TextClassifier} TextClassifier */
/** @typedef {import('../examples/types.js').Labelled} Labelled */

/**
 * @typedef {object} Course
 * @property {string} set name of the examples, such as 'reviews'
 * @property {{ text: string, label: string }[]} examples
 * @property {string} model as it was loaded
 * @property {string} fingerprint of the model
 * @property {number} step how many are done
 * @property {number} steps 0 as long as that is not known
 * @property {[step: number, loss: number][]} losses
 * @property {import('bertlet').EpochReport[]} epochs
 * @property {number} milliseconds that it took
 * @property {number} [frozen] accuracy of a layer on top of the model as it is, on the same held-out examples
 * @property {Pick<import('bertlet').Progress, 'tokensPerSecond' | 'secondsLeft' | 'memory'>} [pace]
 */

/** @typedef {{ frozen: TextClassifier, tuned: TextClassifier }} Heads two on one model; that of `tuned` has an adapter of its own */

/** Share of the examples that are held out. */
const VALIDATION = 0.2;

/** Examples of a step. */
export const BATCH_SIZE = 32;

/**
 * @param {string} set
 * @param {Labelled[]} examples
 * @param {Model} model
 * @returns {Course}
 */
export const newCourse = (set, examples, { info }) => ({
  set,
  examples: examples.map(({ text, label }) => ({ text, label })),
  model: info.model,
  fingerprint: info.fingerprint,
  step: 0,
  steps: 0,
  losses: [],
  epochs: [],
  milliseconds: 0,
});

/** How many examples are held out: of each label its share, so that one of it remains. @param {Course} course */
export function heldOutOf({ examples }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum + Math.min(Math.round(VALIDATION * n), n - 1), 0);
}

/** Steps of one round through the examples. @param {Course} course */
export const stepsOfRound = (course) => Math.ceil((course.examples.length - heldOutOf(course)) / BATCH_SIZE);

/** The labels in the order of the examples. @param {Course} course */
export const labelsOf = ({ examples }) => [...new Set(examples.map(({ label }) => label))];

/** Accuracy after a round. @param {import('bertlet').EpochReport} round */
export const accuracyOf = ({ heldOut }) => heldOut?.accuracy ?? 0;

/**
 * Trains a layer on top of the model as it is, and then the model itself, on the same examples and with the same ones held out.
 * @param {Model} model
 * @param {Course} course
 * @param {object} options
 * @param {Uint8Array} [options.checkpoint] from which to go on
 * @param {TextClassifier} [options.frozen] the layer, if it is there from before
 * @param {AbortSignal} options.signal
 * @param {(head: TextClassifier) => void} options.onFrozen gets the layer
 * @param {(change: Partial<Course>) => void} options.onChange of the course
 * @param {(share: number) => void} options.onReading progress of what comes before the first step
 * @param {(checkpoint: Uint8Array) => void} options.onCheckpoint also called when it is aborted or fails
 * @param {(message: string) => void} options.onWarning
 * @returns {Promise<Heads>}
 */
export async function tune(model, course, options) {
  const { checkpoint, signal, onFrozen, onChange, onReading, onCheckpoint, onWarning } = options;
  const common = { validation: VALIDATION, seed: 0, signal };
  const frozen =
    options.frozen ??
    (await model.fit(course.examples, {
      ...common,
      onProgress: ({ loaded, total }) => onReading(loaded / total),
      onWarning,
    }));
  onFrozen(frozen);
  onChange({ frozen: frozen.report?.validation?.accuracy });

  const losses = [...course.losses];
  /** @type {Course['pace']} */
  let pace;
  const before = course.milliseconds;
  const began = performance.now();
  const tuned = await model.fit(course.examples, {
    ...common,
    method: 'lora',
    batchSize: BATCH_SIZE,
    ...(checkpoint && { resume: checkpoint }),
    onCheckpoint,
    onWarning: () => {}, // it would say the same as above
    onProgress({ phase, loaded, total, loss = 0, epochs = [], ...rest }) {
      if (phase !== 'train') return onReading(loaded / total);
      losses.push([loaded, loss]);
      const milliseconds = before + performance.now() - began;
      pace = rest;
      onChange({ step: loaded, steps: total, losses: [...losses], epochs, milliseconds, pace });
    },
  });
  // It may have ended early, and not every step is told of.
  onChange({ step: tuned.report?.steps, pace: { ...pace, secondsLeft: 0 } });
  return { frozen, tuned };
}
