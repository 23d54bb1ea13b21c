// Questions with marked answers, as they are typed into the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswers } from '../../demo/questions/parse-answers.js';

test('a question, and below it a text with the answer in brackets, or without one', () => {
  const { examples, fault } = parseAnswers('Where?\r\nIn [ the hall ] of\r\nthe school.\n\n\nWhen?\nIt rains.\n');
  assert.equal(fault, undefined);
  const [first, second] = examples;
  assert.deepEqual(first, {
    question: 'Where?',
    context: 'In the hall of the school.',
    answers: [{ text: 'the hall', start: 3 }],
  });
  assert.deepEqual(second, { question: 'When?', context: 'It rains.', answers: [] });
  assert.deepEqual(parseAnswers(' \n\n'), { examples: [] });
});

test('the first block that is not understood is named by its first line', () => {
  const fault = (text) => parseAnswers(text).fault;
  assert.deepEqual(fault('Where?\n[Here]\n\nWhen?'), { line: 4, message: 'a question is to have a text below it' });
  assert.match(fault('Where [here]?\nNo').message, /in the question/);
  for (const text of ['[a] and [b]', '[a', 'a]', ']a[', '[[a]]'])
    assert.match(fault(`Q?\n${text}`).message, /brackets/);
  assert.match(fault('Q?\nIn [ ].').message, /nothing between/);
});
