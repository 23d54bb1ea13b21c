// Questions, each with a text in which its answer is marked, `It begins at [8 pm].`, to examples.

/** @typedef {{ question: string, context: string, answers: { text: string, start: number }[] }} Answered */

/**
 * @param {string} text blocks with an empty line between them: a question, and below it the text with the answer in brackets; with
 *   no brackets if the answer is not in it
 * @returns {{ examples: Answered[], fault?: import('../teaching/teaching.js').Fault }} `fault`: the first
 */
export function parseAnswers(text) {
  /** @type {Answered[]} */
  const examples = [];
  /** @type {string[]} */
  let block = [];
  // The empty line at the end closes the last block.
  for (const [index, line] of [...text.split('\n'), ''].entries()) {
    if (line.trim()) block.push(line.trim());
    else if (block.length > 0) {
      const [question, ...lines] = block;
      const context = lines.join(' ');
      const message = faultOf(question, context);
      if (message) return { examples, fault: { line: index + 1 - block.length, message } };
      examples.push({ question, ...read(context) });
      block = [];
    }
  }
  return { examples };
}

/**
 * @param {string} question
 * @param {string} context
 */
function faultOf(question, context) {
  if (!context) return 'a question is to have a text below it';
  if (/[[\]]/.test(question)) return 'the answer is marked in the question, not in the text below it';
  const brackets = context.replaceAll(/[^[\]]/g, '');
  if (brackets !== '' && brackets !== '[]') return 'the text has more brackets than the two around the answer';
  if (/\[\s*\]/.test(context)) return 'there is nothing between the brackets';
  return '';
}

/** @param {string} marked */
function read(marked) {
  const [before, text, after] = marked.split(/\[\s*|\s*\]/);
  if (text === undefined) return { context: marked, answers: [] };
  return { context: before + text + after, answers: [{ text, start: before.length }] };
}
