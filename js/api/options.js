// Checks of the options that callers give.
import { BertletError } from '../errors.js';

/**
 * @param {string} name
 * @param {string} value
 * @param {string[]} allowed
 */
export function checkChoice(name, value, allowed) {
  if (!allowed.includes(value))
    throw new BertletError('BAD_INPUT', `${name} is "${value}"; it must be ${allowed.join(' or ')}.`);
}

/**
 * Refuses options that nobody reads, which are mistyped or of something else.
 * @param {object} left what is left of the options without those that are known
 * @param {string} [where]
 */
export function rejectUnknownOptions(left, where = 'here') {
  const given = Object.entries(left).find(([, value]) => value !== undefined);
  if (given)
    throw new BertletError('BAD_INPUT', `There is no option "${given[0]}" ${where}. Check its name, or leave it out.`);
}
