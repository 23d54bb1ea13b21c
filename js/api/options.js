// Checks of options.
import { BertletError } from '../errors.js';

/**
 * Throws BAD_INPUT if an option has none of the allowed values.
 * @param {string} name
 * @param {string} value
 * @param {string[]} allowed
 */
export function checkChoice(name, value, allowed) {
  if (!allowed.includes(value))
    throw new BertletError('BAD_INPUT', `${name} is "${value}"; it must be ${allowed.join(' or ')}.`);
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
