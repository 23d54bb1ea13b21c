// A pre-training while it runs: its chart, its pace, and how well hidden words are found.
import { find } from '../shared/dom.js';
import { fact } from '../shared/facts.js';
import { count, duration, percent, plural, timeLeft } from '../shared/format.js';
import { drawLearning } from './chart.js';

/** @typedef {import('./course.js').Course} Course */

/**
 * @param {HTMLElement} panel of the tab
 * @param {import('../shared/store.js').Watched<Course | null>} course
 * @param {import('../shared/store.js').Watched<string>} tab
 */
export function mountProgress(panel, course, tab) {
  const chart = find(SVGSVGElement, '.chart', panel);
  const status = find(HTMLElement, '.tune-status', panel);
  const facts = find(HTMLElement, '.facts', panel);

  const draw = () => {
    if (tab.value === 'pretrain') drawLearning(chart, course.value);
  };
  course.subscribe((present) => {
    draw();
    status.textContent = present ? describeFound(present) : '';
    chart.setAttribute('aria-label', `Loss by step. ${status.textContent || 'Nothing yet.'}`);
    facts.replaceChildren(...(present?.pace ? paceOf(present).map(fact) : []));
  });
  tab.subscribe(draw);
  new ResizeObserver(draw).observe(chart);
}

/** How well hidden words of held-out sentences are found, as a sentence; '' before that is known. @param {Course} course */
export function describeFound({ history }) {
  const last = history.findLast(({ heldOut }) => heldOut);
  if (!last?.heldOut) return '';
  const { accuracy, perplexity } = last.heldOut;
  const when = last.step === 0 ? 'Before the first step' : `After ${plural(last.step, 'step')}`;
  return `${when} it finds ${percent(accuracy)} of the hidden pieces of words, and is as unsure as if it had to choose between ${count(Math.round(perplexity))}.`;
}

/** @param {Course} course @returns {[name: string, value: string][]} */
function paceOf({ step, steps, milliseconds, pace = {} }) {
  const { tokensPerSecond = 0, secondsLeft = 0 } = pace;
  return [
    ['Step', `${count(step)} of ${count(steps)}`],
    ['Pieces read a second', count(Math.round(Number(tokensPerSecond.toPrecision(3))))],
    secondsLeft > 0 ? ['Time left', timeLeft(secondsLeft)] : ['Time it took', duration(milliseconds)],
  ];
}
