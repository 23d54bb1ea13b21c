// The place in a text that answers a question.
import { provideHead } from '../heads/provide-head.js';
import { find } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { showMarked } from '../shared/marked.js';
import { createScores, showVerdict } from '../shared/scores.js';
import { mountSuggestions } from '../shared/suggestions.js';
import { mountQuestionsTeaching } from './questions-teaching.js';
import { announcementToTry, passage as sample, questions } from './samples.js';

/** How many answers are shown: the best one and those that it was preferred to. */
const SHOWN = 4;

const HUE = hueOf(3);

/** What is said where a text has no answer. */
const NONE = 'no answer in this text';

/** @param {import('../heads/heads.js').Page} page */
export function mountQuestions(page) {
  const panel = find(HTMLElement, '#panel-questions');
  const passage = find(HTMLTextAreaElement, '#passage');
  const question = find(HTMLInputElement, '#question');
  const verdict = find(HTMLElement, '.verdict', panel);
  const marked = find(HTMLElement, '.marked', panel);
  const showScores = createScores(find(HTMLElement, '.scores', panel));
  const head = provideHead(page, 'questions', 'qa-squad', 'answer');

  /** Whether it may say that there is no answer: the adapter has never seen that, a head that was taught here may have. */
  const knowsNone = () => head.value?.report !== undefined && head.value === page.owns.answer.value?.head;

  const live = createLive(panel, {
    run(options) {
      const asked = { question: question.value.trim(), context: passage.value };
      if (!head.value || !asked.question || !asked.context.trim()) return null;
      return head.value
        .answer(asked, { topK: SHOWN, noAnswer: knowsNone(), ...options })
        .then((answers) => (answers.length > 0 ? { ...asked, answers } : null));
    },
    show({ context, answers }) {
      const [best] = answers;
      const { answer, start, end, score } = best;
      showVerdict(verdict, answer ? { label: answer, score, hue: HUE } : { label: NONE, score });
      showMarked(marked, context, answer ? [{ start, end, score, hue: HUE }] : []);
      showScores(answers.map((one, i) => ({ label: one.answer || NONE, score: one.score, hue: HUE, best: i === 0 })));
    },
  });

  passage.value = sample;
  question.value = questions[0];
  for (const field of [passage, question]) field.addEventListener('input', live.soon);
  passage.addEventListener('input', () => grow(passage));
  const list = find(HTMLElement, '.suggestions', panel);
  mountSuggestions(list, question, questions.slice(1), live.now);
  head.subscribe(() => {
    // What was taught here would be lost with the questions of the start, which are of all kinds.
    if (knowsNone() && passage.value === sample && questions.includes(question.value)) {
      ({ passage: passage.value, question: question.value } = announcementToTry);
    }
    list.hidden = passage.value === announcementToTry.passage;
    live.now();
  });
  mountQuestionsTeaching(page);
}
