// Looks for what is wrong with the arguments of a call that failed in a way that nobody foresaw: getters and proxies that throw, and what
// is no data. Only then is this file fetched.
import { BertletError } from '../errors.js';
import { className } from '../io/file-name.js';

/** Arguments are not nested deeper, unless they are a cycle. */
const DEPTH = 9;

/**
 * Throws a sentence, or what getters throw, if a value is nothing that an argument can hold.
 * @param {any} value
 * @param {number} depth 0 for an argument
 * @param {string} [name] of an option or field
 */
function check(value, depth, name) {
  const refuse = (/** @type {string} */ why) => {
    throw new Error(`${name ?? 'an argument'} ${why}`);
  };
  if (depth > DEPTH) refuse('is nested too deeply');
  if (typeof value === 'symbol' || typeof value === 'bigint') refuse(`is a ${typeof value}`);
  if (depth === 1 && name === 'signal' && value !== undefined && className(value) !== 'AbortSignal')
    refuse('is not an AbortSignal');
  const isListener = depth === 1 && /^on[A-Z]/.test(name ?? '');
  if (isListener && value !== undefined && typeof value !== 'function') refuse('is not a function');
  if (!isListener && depth > 0 && typeof value === 'function') refuse('is a function');
  // Bytes are the content of a file, by its name.
  if (depth > 0 && ArrayBuffer.isView(value) && !name?.includes('.')) refuse('is a typed array');
  if (ArrayBuffer.isView(value)) new DataView(value.buffer); // throws if it is detached
  if (Array.isArray(value)) return Array.from(value).forEach((item, i) => check(item, depth + 1, `element ${i}`));
  if (typeof value !== 'object' || value === null) return;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (depth > 0 && ['Object', 'Date', 'Map', 'Promise'].includes(className(value))) refuse('is not plain data');
    return;
  }
  for (const [key, item] of Object.entries(value)) check(item, depth + 1, key);
  if (prototype === null && depth > 0) refuse('is an object without a prototype');
}

/**
 * The error to reject with.
 * @param {any[]} args of the call: the first is what it works on, the others are objects
 * @param {unknown} error what it failed with
 * @returns {unknown} BAD_INPUT if the arguments are to blame; else the same error
 */
export function explain(args, error) {
  try {
    args.forEach((value, i) => {
      if (value === null) throw new Error('it is null');
      if (i > 0 && value !== undefined && typeof value !== 'object')
        throw new Error(`the options are a ${typeof value}`);
      check(value, 0);
      if (Array.isArray(value) && Object.keys(value).length < value.length) throw new Error('an array has holes');
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'reading it throws';
    return new BertletError('BAD_INPUT', `An argument can't be used: ${why}.`, { cause });
  }
  return error;
}
