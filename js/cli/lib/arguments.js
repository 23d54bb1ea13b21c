// Command line arguments: node:util's parseArgs, and checks that it does not make.
import { parseArgs } from 'node:util';

/** An error in the command line; its exit code is 2. */
export class UsageError extends Error {}

/**
 * @typedef {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @typedef {Record<string, string | boolean | undefined>} Values
 */

/**
 * Parses a command's arguments. Throws UsageError.
 * @param {string[]} argv
 * @param {Options} options besides --help
 * @param {number} maxFiles maximum number of arguments that are not options
 * @returns {{ values: Values, files: string[] }}
 */
export function parse(argv, options, maxFiles) {
  /** @type {{ values: Values, positionals: string[], tokens: { kind: string, name?: string, value?: string }[] }} */
  let parsed;
  try {
    const all = /** @type {Options} */ ({ ...options, help: { type: 'boolean', short: 'h' } });
    const config = { args: joinNumbers(argv, options), options: all, allowPositionals: true, tokens: true };
    parsed = /** @type {typeof parsed} */ (parseArgs(config));
  } catch (error) {
    // Of Node's message only the first sentence helps; the others explain "--".
    const message = /** @type {Error} */ (error).message.split(/\. |\n/)[0].replace(/\.$/, '');
    const name = /^Option '(\S+)' argument is ambiguous$/.exec(message)?.[1];
    throw new UsageError(name ? `${name} has no value; one that begins with "-" is given as ${name}=-…` : message);
  }
  if (!parsed.values.help && parsed.positionals.length > maxFiles) {
    throw new UsageError(`unexpected argument '${parsed.positionals[maxFiles]}'`);
  }
  // parseArgs would silently ignore all values but the last.
  const given = parsed.tokens.flatMap(({ name, value }) => (name !== undefined && value !== undefined ? [name] : []));
  const twice = given.find((name, i) => given.indexOf(name) < i);
  if (twice !== undefined && !parsed.values.help) throw new UsageError(`--${twice} is given twice; it takes one value`);
  return { values: parsed.values, files: parsed.positionals };
}

/**
 * Turns "--layer -1" into "--layer=-1", since parseArgs would take "-1" for an option. The check of the number then has the clearer
 * message.
 * @param {string[]} argv
 * @param {Options} options
 */
function joinNumbers(argv, options) {
  /** @type {string[]} */
  const joined = [];
  for (const argument of argv) {
    const before = joined.at(-1) ?? '';
    const isNumber = /^-\.?\d/.test(argument) && before.startsWith('--') && options[before.slice(2)]?.type === 'string';
    if (isNumber) joined[joined.length - 1] = `${before}=${argument}`;
    else joined.push(argument);
  }
  return joined;
}

/**
 * The value of an option that must be given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 * @param {string} example of a value, for the message
 */
export function required(values, name, example) {
  const value = values[name];
  if (typeof value !== 'string' || value === '')
    throw new UsageError(`--${name} is missing, for example --${name} ${example}`);
  return value;
}

/**
 * The value of an option that has a fixed set of values; undefined if it is not given. Throws UsageError.
 * @template {string} T
 * @param {Values} values
 * @param {string} name
 * @param {T[]} allowed
 * @returns {T | undefined}
 */
export function choice(values, name, allowed) {
  const value = values[name];
  if (value === undefined) return undefined;
  const found = allowed.find((choice) => choice === value);
  if (found === undefined) throw new UsageError(`--${name} must be one of ${allowed.join(', ')}; it is '${value}'`);
  return found;
}

/**
 * The value of an option that is a whole number; undefined if it is not given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 * @param {number} min
 */
export function integer(values, name, min) {
  const value = values[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(String(value)) || !Number.isSafeInteger(number) || number < min) {
    throw new UsageError(`--${name} must be a whole number from ${min} on, not '${value}'`);
  }
  return number;
}

/**
 * The value of an option that is a number above 0; undefined if it is not given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 */
export function positive(values, name) {
  const value = values[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(number > 0 && number < Infinity)) throw new UsageError(`--${name} must be a number above 0, not '${value}'`);
  return number;
}

/**
 * The value of an option that is a number from 0 to 1; undefined if it is not given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 */
export function probability(values, name) {
  const value = values[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value === '' || !(number >= 0 && number <= 1))
    throw new UsageError(`--${name} must be a probability, 0 to 1, not '${value}'`);
  return number;
}

/**
 * The value of an option that is a number of at least 0; undefined if it is not given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 */
export function notNegative(values, name) {
  const value = values[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value === '' || !(number >= 0 && number < Infinity))
    throw new UsageError(`--${name} must be a number from 0 on, not '${value}'`);
  return number;
}

/**
 * The value of an option that is true or false; undefined if it is not given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 */
export function truth(values, name) {
  const value = choice(values, name, ['true', 'false']);
  return value && value === 'true';
}

/** What the units of sizes stand for, as in all that bertlet tells of memory. @type {Record<string, number>} */
const UNITS = { MB: 2 ** 20, GB: 2 ** 30 };

/**
 * The value of an option that is a size in bytes, such as 400MB; undefined if it is not given. Throws UsageError.
 * @param {Values} values
 * @param {string} name
 */
export function size(values, name) {
  const value = values[name];
  if (value === undefined) return undefined;
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(MB|GB)$/i.exec(String(value)) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[unit?.toUpperCase()]);
  if (!(bytes > 0)) throw new UsageError(`--${name} must be a size such as 400MB or 2GB, not '${value}'`);
  return bytes;
}
