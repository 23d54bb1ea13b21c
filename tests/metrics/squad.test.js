// Oracles: the official evaluation scripts, tokenizers' truncation, the question-answering pipeline of transformers 4
// (tests/fixtures/make_squad_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { bestAnswers } from '../../js/decode/answers.js';
import { answerWords, squadMetrics } from '../../js/metrics/answers.js';
import { contextWindows } from '../../js/tokenize/windows.js';
import { unitOf } from '../support.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../fixtures/tasks/${name}`, import.meta.url), 'utf8'));
const close = (actual, expected, tolerance, what) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}: ${what}`);

test('exact match and F1 equal the official scripts', () => {
  for (const { truth, predicted, exactMatch, f1 } of read('squad-metrics.json')) {
    const metrics = squadMetrics(predicted, truth);
    close(metrics.exactMatch, exactMatch, 1e-9, JSON.stringify({ truth, predicted }));
    close(metrics.f1, f1, 1e-9, JSON.stringify({ truth, predicted }));
    assert.equal(metrics.n, truth.length);
  }
});

test('what counts of an answer', () => {
  assert.deepEqual(answerWords('The  "Theatre", an U.S. thing—a thé'), ['theatre', 'us', 'thing—', 'thé']);
});

test("windows are those of tokenizers' truncation", () => {
  for (const { windows, ...sizes } of read('windows.json')) {
    assert.deepEqual(contextWindows(sizes), windows, JSON.stringify(sizes));
  }
});

test('a question that leaves no room for the context is refused', () => {
  const refused = { code: 'TEXT_TOO_LONG', message: /Question 4 has 20 tokens/ };
  assert.throws(() => contextWindows({ number: 4, question: 20, context: 9, maxTokens: 20, stride: 0 }), refused);
  assert.throws(() => contextWindows({ number: 4, question: 20, context: 0, maxTokens: 20, stride: 0 }), refused);
  assert.throws(() => contextWindows({ number: 4, question: 20, context: 9, maxTokens: 28, stride: 5 }), refused);
  assert.deepEqual(contextWindows({ question: 20, context: 5, maxTokens: 28, stride: 5 }), [[0, 5]]);
});

test('answers are those of the pipeline of transformers 4', () => {
  for (const { context, windows, options, answers } of read('answers.json')) {
    const unit = unitOf(context);
    const given = windows.map((window) => ({
      ...window,
      startLogits: window.startLogits.map((hundredths) => hundredths / 100),
      endLogits: window.endLogits.map((hundredths) => hundredths / 100),
      offsets: window.offsets.map((pair) => pair.map(unit)),
    }));
    const found = bestAnswers(context, given, {
      topK: options.top_k,
      maxAnswerTokens: options.max_answer_len,
      wholeWords: options.align_to_words,
      noAnswer: options.handle_impossible_answer,
    });
    assert.deepEqual(
      found.map(({ answer, start, end }) => ({ answer, start, end })),
      answers.map(({ answer, start, end }) => ({ answer, start: unit(start), end: unit(end) })),
      `${context} ${JSON.stringify(options)}`,
    );
    found.forEach(({ answer, score, start, end }, i) => {
      close(score, answers[i].score, 1e-9, answer);
      assert.equal(context.slice(start, end), answer);
    });
  }
});

test('no context, no answer', () => {
  const window = { startLogits: [0, 0, 0, 0], endLogits: [0, 0, 0, 0], first: 3, tokens: [], offsets: [] };
  assert.deepEqual(bestAnswers('', [window]), []);
  assert.deepEqual(bestAnswers('', [window], { noAnswer: true }), [{ answer: '', score: 1, start: 0, end: 0 }]);
});
