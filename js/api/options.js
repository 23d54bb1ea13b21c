// Checks of options.
import { BertletError } from '../errors.js';

/**
 * Throws if an option has none of the allowed values.
 * @template T
 * @param {string} name
 * @param {T} value
 * @param {T[]} allowed
 * @param {import('../errors.js').ErrorCode} [code] default BAD_INPUT
 */
export function checkChoice(name, value, allowed, code = 'BAD_INPUT') {
  if (!allowed.includes(value))
    throw new BertletError(code, `${name} is "${value}"; it must be ${allowed.join(' or ')}.`);
}

/**
 * Throws BAD_INPUT if an option is not an integer, or is out of bounds.
 * @param {string} name
 * @param {number} value
 * @param {number} [least]
 * @param {number} [most]
 */
export function checkInteger(name, value, least = 1, most = Infinity) {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const wanted = most === Infinity ? 'a positive integer' : `an integer from ${least} to ${most}`;
  throw new BertletError('BAD_INPUT', `${name} is ${value}; it must be ${wanted}.`);
}

/**
 * Throws BAD_INPUT if there are unknown options, unless they are undefined: they may be mistyped, or belong to another call.
 * @param {object} unknown the options without the known ones
 * @param {string} [scope] what they are unknown for, for the message
 */
export function rejectUnknownOptions(unknown, scope = 'here') {
  const given = Object.entries(unknown).find(([, value]) => value !== undefined);
  if (given)
    throw new BertletError('BAD_INPUT', `There is no option "${given[0]}" ${scope}. Check its name, or leave it out.`);
}
