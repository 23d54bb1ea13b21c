// Runs harnesses: things that are tried over and over, each time a little differently, until something is wrong or the time is over.
import { random } from '../../js/base/random.js';

/**
 * @typedef {object} Harness a module of harnesses/
 * @property {string} name
 * @property {string} what is tried, in a few words
 * @property {number} rounds trials in `npm test`, which are to take a few seconds
 * @property {() => Promise<Run>} start prepares what all trials share; rejects with Skip where it can't be done
 */

/**
 * @typedef {object} Run
 * @property {(next: () => number, trial: number) => Promise<string>} trial tries one thing, chosen by `next` only, so that seed and number
 *   bring it back. Gives what came of it, in a word or two; rejects if that is wrong
 * @property {() => Promise<void>} end checks what shows only after all trials, and cleans up
 */

/** Thrown by `start` where something is missing. */
export class Skip extends Error {}

/** A trial that takes longer hangs: this is far above what any machine needs. */
const HANGS_MS = 180_000;

/** More faults than these are not reported, but counted. */
const MOST_FAULTS = 5;

/**
 * @typedef {object} Report
 * @property {string} name
 * @property {string} what
 * @property {number} tried
 * @property {Map<string, number>} outcomes how often each came
 * @property {{ trial: number | 'end', message: string }[]} faults the first few
 * @property {number} faultCount
 * @property {string} [skipped] why nothing was tried
 */

/**
 * Runs a harness for a number of trials, or for some time, at least one trial.
 * @param {Harness} harness
 * @param {{ seed: number, rounds?: number, ms?: number, first?: number }} options `first`: number of the first trial
 * @returns {Promise<Report>}
 */
export async function runHarness({ name, what, start }, { seed, rounds = Infinity, ms = Infinity, first = 0 }) {
  /** @type {Report} */
  const report = { name, what, tried: 0, outcomes: new Map(), faults: [], faultCount: 0 };
  const fault = (/** @type {number | 'end'} */ trial, /** @type {unknown} */ error) => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (report.faultCount++ < MOST_FAULTS) report.faults.push({ trial, message });
  };
  /** @type {Run} */
  let run;
  try {
    run = await start();
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    return { ...report, skipped: error.message };
  }
  const begin = performance.now();
  for (let trial = first; trial < first + rounds && (trial === first || performance.now() - begin < ms); trial++) {
    report.tried += 1;
    try {
      const outcome = await inTime(run.trial(random(seed * 65_537 + trial), trial));
      report.outcomes.set(outcome, (report.outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      fault(trial, error);
    }
  }
  await run.end().catch((error) => fault('end', error));
  return report;
}

/** @template T @param {Promise<T>} promise @returns {Promise<T>} rejects if it takes longer than any work does */
function inTime(promise) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer after ${HANGS_MS / 1000} s`)), HANGS_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * One of several, at random.
 * @template T
 * @param {() => number} next
 * @param {T[]} values
 */
export const pick = (next, values) => values[Math.floor(next() * values.length)];

/** An integer from 0 to `limit` - 1. @param {() => number} next @param {number} limit */
export const below = (next, limit) => Math.floor(next() * limit);
