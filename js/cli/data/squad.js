// Reads questions with their contexts and answers, from the JSON of SQuAD 1.1 and 2.0.
import { badFile } from './bad-data.js';

/**
 * @typedef {object} Question
 * @property {string} id
 * @property {string} question
 * @property {string} context
 * @property {{ text: string, start: number }[]} answers any of which is right; `start` in UTF-16 code units, so that
 *   `context.startsWith(text, start)`. None if the question can't be answered
 */

/**
 * Reads {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text", "answer_start"}], "is_impossible"}]}]}]}.
 * Offsets are in code points, as in Python. An answer that is not at its offset is taken from the nearest place in the context where it
 * occurs; one warning counts these. Throws BAD_DATA, also for an answer that does not occur at all.
 * @param {string} text of the file
 * @param {string} path
 * @param {(message: string) => void} warn
 * @returns {Question[]}
 */
export function readSquad(text, path, warn) {
  /** @type {string[]} */
  const moved = [];
  const questions = list(parse(text, path), 'data', path, 'the file').flatMap((article, i) =>
    list(article, 'paragraphs', path, `article ${i}`).flatMap((paragraph, k) => {
      const { context } = paragraph ?? {};
      const location = `article ${i}, paragraph ${k}`;
      if (typeof context !== 'string') throw badFile(path, `${location} has no "context" with a string in it`);
      const units = unitsOf(context);
      return list(paragraph, 'qas', path, location).map((entry) => {
        const { id, question, is_impossible: impossible = false } = entry ?? {};
        if (typeof id !== 'string') throw badFile(path, `a question in ${location} has no "id" with a string in it`);
        const name = `question ${id}`;
        if (typeof question !== 'string') throw badFile(path, `${name} has no "question" with a string in it`);
        const given = impossible && entry.answers === undefined ? [] : list(entry, 'answers', path, name);
        if (impossible !== (given.length === 0)) {
          const problem = impossible
            ? 'has answers and is said to be impossible'
            : 'has no answers, and "is_impossible" is not true';
          throw badFile(path, `${name} ${problem}`);
        }
        const answers = given.map((answer) => {
          const { text, start, isMoved } = locate(answer, context, units, path, name);
          if (isMoved) moved.push(id);
          return { text, start };
        });
        return { id, question, context, answers };
      });
    }),
  );
  if (moved.length > 0) {
    const [count, was] = moved.length === 1 ? ['1 answer', 'was'] : [`${moved.length} answers`, 'were'];
    warn(
      `${path}: ${count} ${was} not at the given offset and taken from the nearest place (first: question ${moved[0]}).`,
    );
  }
  return questions;
}

/**
 * The JSON of a file.
 * @param {string} text
 * @param {string} path
 */
function parse(text, path) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = /** @type {Error} */ (error); // which quotes the wrong part
    throw badFile(path, `this is not JSON (${message}); a SQuAD file is one object, {"data": […]}`);
  }
}

/**
 * An array that must be in an object.
 * @param {any} value
 * @param {string} key
 * @param {string} path
 * @param {string} location of `value` in the file, for messages
 * @returns {any[]}
 */
function list(value, key, path, location) {
  if (Array.isArray(value?.[key])) return value[key];
  throw badFile(path, `${location} has no "${key}" with an array in it, as SQuAD has`);
}

/**
 * Finds an answer in its context, at the given offset or nearest to it.
 * @param {any} answer
 * @param {string} context
 * @param {number[]} units [code points + 1] of `unitsOf`
 * @param {string} path
 * @param {string} name of the question, for messages
 */
function locate(answer, context, units, path, name) {
  const { text, answer_start: offset } = answer ?? {};
  if (typeof text !== 'string' || text === '') throw badFile(path, `an answer of ${name} has no "text"`);
  if (!Number.isInteger(offset))
    throw badFile(path, `the answer "${text}" of ${name} has no "answer_start" with a whole number`);
  const start = units[offset] ?? context.length;
  if (offset >= 0 && context.startsWith(text, start)) return { text, start, isMoved: false };
  const places = [context.lastIndexOf(text, start), context.indexOf(text, start)].filter((place) => place >= 0);
  if (places.length === 0) throw badFile(path, `the answer "${text}" of ${name} is not in its context`);
  places.sort((a, b) => Math.abs(a - start) - Math.abs(b - start));
  return { text, start: places[0], isMoved: true };
}

/** Offset of each code point, and of the end, in UTF-16 code units. @param {string} text */
function unitsOf(text) {
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return units;
}
