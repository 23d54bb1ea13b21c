// A pre-training from nothing: what is read, what has come of it so far, and the models that it makes.
import { createModel, trainVocabulary } from 'bertlet';

/** @typedef {import('bertlet').Model} Model */

/**
 * @typedef {object} Course
 * @property {string} source of the texts: 'questions' or 'mine'
 * @property {string[]} texts
 * @property {string[]} vocabulary learned from them; empty as long as it is not there
 * @property {number} step how many are done
 * @property {number} steps
 * @property {[step: number, loss: number][]} losses
 * @property {import('bertlet').PretrainMeasurement[]} history
 * @property {number} milliseconds that the steps took
 * @property {Pick<import('bertlet').Progress, 'tokensPerSecond' | 'secondsLeft' | 'memory'>} [pace]
 */

/** What a training can go on from. @typedef {{ course: Course, checkpoint: Uint8Array }} Run */

/** The model that learns, and one that stays as random as that was at first. @typedef {{ untrained: Model, learned: Model }} Pair */

/** Pieces of the vocabulary. */
const PIECES = 1000;

/** Few layers, narrow ones and short sequences: what learns most in a minute or two. Dropout would only slow it. */
const MODEL = { layers: 2, hiddenSize: 64, heads: 2, maxTokens: 48, dropout: 0 };

/** Sentences one by one, for a packed sequence has neighbours that say nothing about the gap, and more places to tell apart. */
const RECIPE = { packed: false, batchSize: 32, learningRate: 2e-3, validation: 0.05, live: true };

/**
 * @param {string} source
 * @param {string[]} texts
 * @param {number} steps
 * @returns {Course}
 */
export const newCourse = (source, texts, steps) => ({
  source,
  texts,
  vocabulary: [],
  step: 0,
  steps,
  losses: [],
  history: [],
  milliseconds: 0,
});

/**
 * The pieces that the texts are made of.
 * @param {string[]} texts
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {(share: number) => void} options.onProgress
 */
export async function learnVocabulary(texts, { signal, onProgress }) {
  const { vocabulary } = await trainVocabulary(texts, {
    size: PIECES,
    signal,
    onProgress: ({ loaded, total }) => onProgress(loaded / total),
    onWarning() {}, // fewer pieces do as well
  });
  return vocabulary;
}

/** A model of random weights, always the same. @param {string[]} vocabulary @param {{ signal: AbortSignal, threads?: number }} options */
export const newModel = (vocabulary, options) => createModel({ ...MODEL, vocabulary, ...options });

/**
 * Trains a new model, which has at any time what it has learned when it was measured last.
 * @param {Model} model
 * @param {Course} course
 * @param {object} options
 * @param {Uint8Array} [options.checkpoint] from which to go on
 * @param {AbortSignal} options.signal
 * @param {(change: Partial<Course>) => void} options.onChange of the course
 * @param {(checkpoint: Uint8Array) => void} options.onCheckpoint also called when it is aborted or fails
 * @param {(message: string) => void} options.onWarning
 */
export async function learn(model, course, { checkpoint, signal, onChange, onCheckpoint, onWarning }) {
  const losses = [...course.losses];
  /** @type {Course['pace']} */
  let pace;
  const began = performance.now();
  const { steps } = course;
  const { history } = await model.pretrain(course.texts, {
    ...RECIPE,
    steps,
    signal,
    ...(checkpoint && { resume: checkpoint }),
    onCheckpoint,
    onWarning,
    onProgress({ loaded, loss = 0, history: measured = [], ...rest }) {
      losses.push([loaded, loss]);
      pace = rest;
      const milliseconds = course.milliseconds + performance.now() - began;
      onChange({ step: loaded, losses: [...losses], history: measured, milliseconds, pace });
    },
  });
  onChange({ step: steps, history, pace: { ...pace, secondsLeft: 0 } });
}
