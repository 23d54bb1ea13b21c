// JSON from a file, as an object or array.
import { BertletError } from '../errors.js';

/**
 * @param {Uint8Array} bytes
 * @param {string} where the file, in words, for messages
 * @returns {any} an object or array; throws BAD_CONFIG for anything else
 */
export function parseJson(bytes, where) {
  let json;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new BertletError('BAD_CONFIG', `${where} is not valid JSON. Download or export it again.`, { cause: error });
  }
  if (typeof json !== 'object' || json === null)
    throw new BertletError('BAD_CONFIG', `${where} does not hold a JSON object.`);
  return json;
}
