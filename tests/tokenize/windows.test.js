// Windows of long texts, and what questions leave of them. Oracle: their definition; tests/api/windows.test.js has transformers'.
import assert from 'node:assert/strict';
import test from 'node:test';
import { windowOptions } from '../../js/tokenize/question-windows.js';
import { contextWindows, windowsOf } from '../../js/tokenize/windows.js';

test('windows cover the text, overlap by the stride, and only the last is shorter', () => {
  assert.deepEqual(windowsOf(0, 3, 1), [[0, 0]]);
  assert.deepEqual(windowsOf(3, 3, 1), [[0, 3]]);
  assert.deepEqual(windowsOf(4, 3, 1), [[0, 3], [2, 4]]); // prettier-ignore
  assert.deepEqual(windowsOf(7, 3, 0), [[0, 3], [3, 6], [6, 7]]); // prettier-ignore
  assert.deepEqual(windowsOf(5, 3, 2), [[0, 3], [1, 4], [2, 5]]); // prettier-ignore
});

test('a question leaves the rest of a window, or is too long', () => {
  const sizes = { number: 4, question: 5, context: 10, maxTokens: 12, stride: 1 };
  assert.deepEqual(contextWindows(sizes), [[0, 4], [3, 7], [6, 10]]); // prettier-ignore
  assert.deepEqual(contextWindows({ ...sizes, context: 4, stride: 9 }), [[0, 4]]);
  assert.deepEqual(contextWindows({ ...sizes, context: 0, maxTokens: 8 }), [[0, 0]]);
  const message = (left) =>
    `Question 4 has 5 tokens: in windows of ${left + 8} it leaves ${Math.max(left, 0)} for the context, of which windows share `;
  for (const [changed, left] of [
    [{ stride: 4 }, 4],
    [{ maxTokens: 9 }, 1],
    [{ context: 0, maxTokens: 7 }, -1],
  ]) {
    assert.throws(
      () => contextWindows({ ...sizes, ...changed }),
      (error) => {
        assert.equal(error.code, 'TEXT_TOO_LONG');
        assert.ok(error.message.startsWith(message(left)), error.message);
        return true;
      },
    );
  }
});

test("defaults of the question-answering pipeline, and what is none of a window's sizes", () => {
  assert.deepEqual(windowOptions({}, 512), { maxTokens: 384, stride: 128 });
  assert.deepEqual(windowOptions({}, 100), { maxTokens: 100, stride: 33 });
  assert.deepEqual(windowOptions({ maxTokens: 1, stride: 0 }, 100), { maxTokens: 1, stride: 0 });
  assert.deepEqual(windowOptions({ maxTokens: 100 }, 100), { maxTokens: 100, stride: 33 });
  for (const maxTokens of [0, 101, 1.5, '3', null])
    assert.throws(() => windowOptions({ maxTokens }, 100), {
      code: 'BAD_INPUT',
      message: /maxTokens is .* from 1 to 100/,
    });
  for (const stride of [-1, 1.5, '3'])
    assert.throws(() => windowOptions({ stride }, 100), { code: 'BAD_INPUT', message: /stride is .* not negative/ });
});
