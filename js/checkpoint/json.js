// Parses JSON from files. What is in it may be of any type: in messages it stands as JSON, since `${value}` calls what the value says
// is its `toString`.
import { BertletError } from '../errors.js';

/** Deeper than any file of a model. What shows values goes into them by recursion, which has an end. */
const MAX_DEPTH = 100;

/**
 * @param {unknown} value
 * @param {number} depth of values that may be in it
 * @returns {boolean}
 */
const isDeeper = (value, depth) =>
  typeof value === 'object' && value !== null && Object.values(value).some((one) => !depth || isDeeper(one, depth - 1));

/**
 * @param {string} text
 * @returns {any} throws an error of another class if it is not JSON, or nested deeper than MAX_DEPTH
 */
export function parse(text) {
  const json = JSON.parse(text);
  if (isDeeper(json, MAX_DEPTH)) throw new Error('nested too deep');
  return json;
}

/**
 * Throws BAD_CONFIG if the file is not JSON, or holds something else than an object or an array.
 * @param {Uint8Array} bytes UTF-8
 * @param {string} location URL or path of the file, for messages
 * @returns {any}
 */
export function parseJson(bytes, location) {
  let json;
  try {
    json = parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new BertletError('BAD_CONFIG', `${location} is not valid JSON. Download or export it again.`, {
      cause: error,
    });
  }
  if (typeof json !== 'object' || json === null)
    throw new BertletError('BAD_CONFIG', `${location} does not hold a JSON object.`);
  return json;
}
