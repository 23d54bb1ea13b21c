// Parses a JSON file that must hold an object or an array.
import { BertletError } from '../errors.js';

/**
 * Throws BAD_CONFIG if the file is not JSON, or holds something else than an object or an array.
 * @param {Uint8Array} bytes UTF-8
 * @param {string} location URL or path of the file, for messages
 * @returns {any}
 */
export function parseJson(bytes, location) {
  let json;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new BertletError('BAD_CONFIG', `${location} is not valid JSON. Download or export it again.`, {
      cause: error,
    });
  }
  if (typeof json !== 'object' || json === null)
    throw new BertletError('BAD_CONFIG', `${location} does not hold a JSON object.`);
  return json;
}
