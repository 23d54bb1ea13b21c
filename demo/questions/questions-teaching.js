// Questions of the user's own, with the answers marked by hand.
import { find } from '../shared/dom.js';
import { count, plural } from '../shared/format.js';
import { mean, score } from '../shared/report.js';
import { mountTeaching } from '../teaching/teaching.js';
import { parseAnswers } from './parse-answers.js';
import { announcements } from './samples.js';

/** Steps of training that a few examples need: more learn no better. */
const STEPS = 20;

/** Examples that the library learns from in a step. */
const BATCH = 16;

/** How often each example is read when there are many. */
const LEAST_EPOCHS = 3;

/** @param {import('../heads/heads.js').Page} page */
export function mountQuestionsTeaching(page) {
  const mark = mountTeaching(page, {
    name: 'questions',
    method: 'answer',
    sample: announcements,
    read(typed) {
      const { examples, fault } = parseAnswers(typed);
      const without = examples.filter(({ answers }) => answers.length === 0).length;
      const rest = without > 0 ? `, ${count(without)} of them without an answer` : '';
      return { examples, fault, summary: `${plural(examples.length, 'question')}${rest}.` };
    },
    marked: ({ answers }) => answers.length > 0,
    file: 'answers.safetensors',
    // Where an answer begins and ends is easier to tell in the middle of the model than at its end.
    options: ({ numLayers }, number) => ({
      task: 'question-answering',
      layer: Math.ceil(numLayers / 2),
      epochs: Math.max(Math.ceil(STEPS / Math.ceil(number / BATCH)), LEAST_EPOCHS),
      learningRate: 0.06,
    }),
    judge(measured) {
      const exact = mean(measured.map(({ exactMatch }) => exactMatch));
      return score(
        exact / 100,
        'answered word for word, of the questions that were hidden from it (cross-validation).',
      );
    },
  });

  find(HTMLButtonElement, '#panel-questions .mark-answer').addEventListener('click', () => {
    mark((words) => `[${words}]`, 'the answer');
  });
}
