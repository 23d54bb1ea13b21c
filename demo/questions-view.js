// The place in a text that answers a question.
import { find, grow, hueOf } from './dom.js';
import { createLive } from './live.js';
import { showMarked } from './marked.js';
import { passage as sample, questions } from './samples.js';
import { createScores, showVerdict } from './scores.js';
import { mountSuggestions } from './suggestions.js';
import { provideHead } from './task-head.js';

/** How many answers are shown: the best one and those that it was preferred to. */
const SHOWN = 4;

const HUE = hueOf(3);

/** @param {import('./task-head.js').Page} page */
export function mountQuestions(page) {
  const panel = find(HTMLElement, '#panel-questions');
  const passage = find(HTMLTextAreaElement, '#passage');
  const question = find(HTMLInputElement, '#question');
  const verdict = find(HTMLElement, '.verdict', panel);
  const marked = find(HTMLElement, '.marked', panel);
  const showScores = createScores(find(HTMLElement, '.scores', panel));
  const head = provideHead(page, 'questions', 'qa-squad', 'answer');

  const live = createLive(panel, {
    run(options) {
      const asked = { question: question.value.trim(), context: passage.value };
      if (!head.value || !asked.question || !asked.context.trim()) return null;
      return head.value
        .answer(asked, { topK: SHOWN, ...options })
        .then((answers) => (answers.length > 0 ? { ...asked, answers } : null));
    },
    show({ context, answers }) {
      const [best] = answers;
      showVerdict(verdict, { label: best.answer, score: best.score, hue: HUE });
      showMarked(marked, context, [{ start: best.start, end: best.end, score: best.score, hue: HUE }]);
      showScores(answers.map(({ answer, score }, i) => ({ label: answer, score, hue: HUE, best: i === 0 })));
    },
  });

  passage.value = sample;
  question.value = questions[0];
  for (const field of [passage, question]) field.addEventListener('input', live.soon);
  passage.addEventListener('input', () => grow(passage));
  mountSuggestions(find(HTMLElement, '.suggestions', panel), question, questions.slice(1), live.now);
  head.subscribe(live.now);
}
