// Command line arguments: node:util's parseArgs, and what it does not check.
import { parseArgs } from 'node:util';

/** A command line that can't be understood: exit code 2. */
export class UsageError extends Error {}

/**
 * @typedef {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @typedef {Record<string, string | boolean | undefined>} Values
 */

/**
 * @param {string[]} argv
 * @param {Options} options
 * @param {number} maxFiles how many arguments may stand beside the options
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
    // Node's explanations go on about "--"; their first sentence is what helps.
    const message = /** @type {Error} */ (error).message.split(/\. |\n/)[0].replace(/\.$/, '');
    const name = /^Option '(\S+)' argument is ambiguous$/.exec(message)?.[1];
    throw new UsageError(name ? `${name} has no value; one that begins with "-" is given as ${name}=-…` : message);
  }
  if (!parsed.values.help && parsed.positionals.length > maxFiles) {
    throw new UsageError(`unexpected argument '${parsed.positionals[maxFiles]}'`);
  }
  // parseArgs takes the last of several values, and half of what was meant would be missing.
  const given = parsed.tokens.flatMap(({ name, value }) => (name !== undefined && value !== undefined ? [name] : []));
  const twice = given.find((name, i) => given.indexOf(name) < i);
  if (twice !== undefined && !parsed.values.help) throw new UsageError(`--${twice} is there twice; it takes one value`);
  return { values: parsed.values, files: parsed.positionals };
}

/**
 * "--layer -1" as "--layer=-1": parseArgs would take the number for an option, and who checks numbers knows what to say.
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
 * The value of an option that must be there.
 * @param {Values} values
 * @param {string} name
 * @param {string} example what a value looks like
 */
export function required(values, name, example) {
  const value = values[name];
  if (typeof value !== 'string' || value === '')
    throw new UsageError(`--${name} is missing, for example --${name} ${example}`);
  return value;
}

/**
 * @template {string} T
 * @param {Values} values
 * @param {string} name
 * @param {T[]} allowed
 * @returns {T | undefined}
 */
export function choice(values, name, allowed) {
  const value = values[name];
  if (value === undefined) return undefined;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${name} must be one of ${allowed.join(', ')}; it is '${value}'`);
  return found;
}

/**
 * A whole number, at least `least`.
 * @param {Values} values
 * @param {string} name
 * @param {number} least
 */
export function integer(values, name, least) {
  const value = values[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(String(value)) || !Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${name} must be a whole number from ${least} on, not '${value}'`);
  }
  return number;
}

/**
 * A number above zero.
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
 * A number from 0 to 1.
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
