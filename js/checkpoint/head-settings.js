// What bertlet's files say of a head beyond what Python's files say: head.json of an adapter's folder, "bertlet" in config.json of a
// model's, and crf.safetensors in either (docs/formats.md).
import { BertletError } from '../errors.js';
import { parseSafetensors, toFloats } from './safetensors.js';
import { writeSafetensors } from './safetensors-writer.js';
import { readTransitionTensors, transitionTensors } from './written-tensors.js';

/** @typedef {import('../decode/viterbi.js').Transitions} Transitions */

/** Transitions in the numbers of files. @typedef {{ [part in keyof Transitions]: Float32Array }} StoredTransitions */

/**
 * @typedef {object} HeadSettings
 * @property {'mean' | 'cls' | 'max'} [pooling] of the tokens, whose vector a head for texts reads: without the layers that its class in Python
 *   has below the last one. undefined: it computes what that class computes
 * @property {boolean} [normalize] whether that vector is divided by its length
 * @property {string} [problem_type] as in config.json: which of the tasks of texts it is for
 * @property {boolean} [crf] whether crf.safetensors has its transitions
 * @property {import('../types.js').FitReport} [report] how it was trained
 * @property {string} [fingerprint] `info.fingerprint` of the model beside which an adapter was trained
 */

/**
 * @typedef {object} Learned
 * @property {StoredTransitions} [transitions] of tags, which a conditional random field has learned
 * @property {import('../types.js').FitReport} [report] how the head was trained
 */

/** The file with the transitions of a conditional random field, named and shaped as in pytorch-crf. */
export const CRF_FILE = 'crf.safetensors';

const POOLINGS = ['mean', 'cls', 'max'];

/**
 * Checks settings from a file.
 * @param {any} json
 * @param {string} location URL or path of the file, for messages
 * @param {import('../errors.js').ErrorCode} code that it throws
 * @returns {HeadSettings}
 */
export function checkHeadSettings(json, location, code) {
  const { pooling, normalize, report, crf, problem_type: problemType, fingerprint } = json;
  /** @param {string} what @param {unknown} value @param {string} wanted */
  const refuse = (what, value, wanted) => {
    throw new BertletError(code, `${location} has the ${what} ${JSON.stringify(value)}; it must be ${wanted}.`);
  };
  if (pooling !== undefined && !POOLINGS.includes(pooling))
    refuse(
      'pooling',
      pooling,
      '"mean", "cls" or "max". Without one the classifier reads what its class in Python reads',
    );
  if (![undefined, true, false].includes(normalize)) refuse('value of "normalize"', normalize, 'true or false');
  if (![undefined, true, false].includes(crf)) refuse('value of "crf"', crf, 'true or false');
  if (report !== undefined && (typeof report !== 'object' || report === null)) refuse('report', report, 'an object');
  if (problemType !== undefined && typeof problemType !== 'string') refuse('problem_type', problemType, 'a string');
  if (fingerprint !== undefined && typeof fingerprint !== 'string') refuse('fingerprint', fingerprint, 'a string');
  return { pooling, normalize, report, crf, problem_type: problemType, fingerprint };
}

/**
 * @param {Transitions | StoredTransitions} transitions
 * @returns {Uint8Array<ArrayBuffer>} crf.safetensors
 */
export const writeTransitions = (transitions) => writeSafetensors(transitionTensors(transitions), { format: 'pt' });

/**
 * Throws MISSING_TENSOR or SHAPE_MISMATCH if they are not those of so many tags, and as `parseSafetensors` and `toFloats`.
 * @param {Uint8Array} bytes of crf.safetensors
 * @param {string} location URL or path of the file, for messages
 * @param {number} tags number of them
 * @returns {StoredTransitions}
 */
export function readTransitions(bytes, location, tags) {
  const { tensors, dataStart } = parseSafetensors(bytes, location);
  const read = (/** @type {string} */ name, /** @type {number[]} */ expected) => {
    const found = tensors.find((tensor) => tensor.name === name);
    if (!found) throw new BertletError('MISSING_TENSOR', `${location} has no tensor ${name}. Save the head again.`);
    if (String(found.shape) !== String(expected))
      throw new BertletError(
        'SHAPE_MISMATCH',
        `${location}: ${name} has shape [${found.shape}], but the head's tags need [${expected}]. Save the head again.`,
      );
    return toFloats(found, bytes.subarray(dataStart + found.begin, dataStart + found.end), location).values;
  };
  return readTransitionTensors(read, tags);
}
