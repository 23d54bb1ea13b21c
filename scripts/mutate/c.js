// Mutants of C: small changes of what a tokenizer finds in the bodies of functions, and of constants. Some do not compile; they are no
// mutants. The sources are formatted by clang-format, so that a binary operator has a space on each side, and `*` of a pointer has not.
import { BINARY, kindOf } from './javascript.js';

/** @typedef {import('./javascript.js').Change} Change */
/** @typedef {{ text: string, start: number, end: number }} Token */

const TOKEN =
  /\/\*[^]*?\*\/|\/\/[^\n]*|#(?:[^\n\\]|\\[^])*|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|(?:<<|>>|[-+*/%&|^<>=!])=|->|\+\+|--|&&|\|\||<<|>>|\S/g;

/** @param {string} source @returns {Token[]} without comments and directives */
function tokensOf(source) {
  return [...source.matchAll(TOKEN)]
    .map(({ 0: text, index }) => ({ text, start: index, end: index + text.length }))
    .filter(({ text }) => !/^(\/\*|\/\/|#)/.test(text));
}

/** Words at which no statement begins that can be dropped. */
const KEYWORDS =
  /^(if|else|for|while|do|switch|case|default|return|goto|static|const|struct|enum|typedef|sizeof|extern)$/;

/**
 * All changes of a file, in its order.
 * @param {string} source
 * @returns {Change[]}
 */
export function cChanges(source) {
  const tokens = tokensOf(source);
  /** @type {Change[]} */
  const changes = [];
  let braces = 0;
  let parentheses = 0;
  tokens.forEach(({ text, start, end }, i) => {
    if (text === '{') braces++;
    if (text === '}') braces--;
    if (text === '(') parentheses++;
    if (text === ')') parentheses--;
    const spaced = source[start - 1] === ' ' && /\s/.test(source[end]);
    const isValue = /^[\w)\]]/.test(tokens[i - 1]?.text ?? '');
    if (spaced && isValue && braces > 0)
      for (const other of BINARY.get(text) ?? []) changes.push({ start, end, text: other, operator: kindOf(text) });
    if (text === '!' && braces > 0) changes.push({ start, end, text: '', operator: 'negation' });
    if (/^\d/.test(text)) {
      const more = largerNumber(text);
      if (more !== undefined) changes.push({ start, end, text: more, operator: 'constant' });
    }
    if (braces > 0 && parentheses === 0 && [';', '{', '}'].includes(tokens[i - 1]?.text)) {
      const last = endOfStatement(tokens, i);
      if (last) changes.push({ start, end: last.end, text: ';', operator: 'dropped statement' });
    }
  });
  return changes;
}

/**
 * A number that is one larger.
 * @param {string} text of a number in C
 * @returns {string | undefined} undefined for hexadecimal ones and those with an exponent
 */
function largerNumber(text) {
  const [, integer, fraction, suffix] = /^(\d+)(\.\d*)?([a-zA-Z]*)$/.exec(text) ?? [];
  return integer === undefined ? undefined : `${Number(integer) + 1}${fraction ?? ''}${suffix}`;
}

/**
 * The semicolon of an assignment, a call, `break` or `continue` that begins at a token.
 * @param {Token[]} tokens
 * @param {number} first
 * @returns {Token | undefined} undefined if another statement begins there, or a declaration
 */
function endOfStatement(tokens, first) {
  const [{ text }, next] = tokens.slice(first, first + 2);
  if (!/^[A-Za-z_*(]/.test(text) || KEYWORDS.test(text) || !next) return undefined;
  const jumps = text === 'break' || text === 'continue';
  if (!jumps && text !== '*' && /^[\w*]/.test(next.text)) return undefined; // `float *x`, `int32_t i`
  const last = tokens.slice(first).find((token) => [';', '{', '}'].includes(token.text));
  return last?.text === ';' ? last : undefined;
}
