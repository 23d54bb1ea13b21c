// A training while it runs: its chart, its pace, and what each round brought.
import { find } from '../shared/dom.js';
import { fact } from '../shared/facts.js';
import { count, decimal, duration, megabytes, percent, plural, timeLeft } from '../shared/format.js';
import { drawCourse } from './chart.js';
import { accuracyOf } from './course.js';

/** @typedef {import('./course.js').Course} Course */

/**
 * @param {HTMLElement} panel of the tab
 * @param {import('../shared/store.js').Watched<Course | null>} course
 * @param {import('../shared/store.js').Watched<string>} tab
 */
export function mountCourse(panel, course, tab) {
  const chart = find(SVGSVGElement, '.chart', panel);
  const status = find(HTMLElement, '.tune-status', panel);
  const facts = find(HTMLElement, '.facts', panel);
  const numbers = find(HTMLTableSectionElement, 'tbody', panel);
  const details = find(HTMLDetailsElement, 'details', panel);

  const draw = () => {
    if (tab.value === 'tune') drawCourse(chart, course.value);
  };

  course.subscribe((present) => {
    draw();
    const rounds = present?.epochs ?? [];
    status.textContent = rounds.length > 0 ? describeRound(/** @type {Course} */ (present)) : '';
    chart.setAttribute(
      'aria-label',
      `Loss by step, and share of right answers by round. ${status.textContent || 'Nothing yet.'}`,
    );
    details.hidden = rounds.length === 0;
    numbers.replaceChildren(...rounds.map(row));
    facts.replaceChildren(...(present?.pace ? paceOf(present).map(fact) : []));
  });
  tab.subscribe(draw);
  new ResizeObserver(draw).observe(chart);
}

/** @param {Course} course */
function describeRound({ epochs, frozen = 0 }) {
  const last = epochs[epochs.length - 1];
  return `After ${plural(epochs.length, 'round')} it gets ${percent(accuracyOf(last))} of the held-out examples right; a layer on top, ${percent(frozen)}.`;
}

/** @param {Course} course @returns {[name: string, value: string][]} */
function paceOf({ step, steps, milliseconds, pace = {} }) {
  const { tokensPerSecond = 0, secondsLeft = 0, memory = 0 } = pace;
  return [
    ['Step', `${count(step)} of ${count(steps)}`],
    ['Tokens a second', count(Math.round(Number(tokensPerSecond.toPrecision(3))))],
    secondsLeft > 0 ? ['Time left, at most', timeLeft(secondsLeft)] : ['Time it took', duration(milliseconds)],
    ['Memory for it', `${megabytes(memory)} MB`],
  ];
}

/** @param {import('bertlet').EpochReport} round */
function row({ epoch, loss, heldOut }) {
  const line = document.createElement('tr');
  const cells = [
    count(epoch),
    decimal(loss),
    decimal(heldOut?.loss ?? 0),
    percent(accuracyOf({ epoch, loss, heldOut })),
  ];
  for (const text of cells) line.insertCell().textContent = text;
  return line;
}
