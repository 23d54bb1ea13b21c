// Examples of entities of the user's own, marked by hand in sentences.
import { arrange, find, keyed } from '../shared/dom.js';
import { count, percent, plural } from '../shared/format.js';
import { mean, score } from '../shared/report.js';
import { mountTeaching } from '../teaching/teaching.js';
import { parseEntities } from './parse-entities.js';
import { trips } from './samples.js';

/** @param {import('../heads/heads.js').Page} page */
export function mountEntitiesTeaching(page) {
  const section = find(HTMLElement, '#panel-entities .teaching');
  const form = find(HTMLFormElement, '.new-type', section);
  const name = find(HTMLInputElement, 'input', form);
  const buttonsOf = keyed(makeButton);

  const mark = mountTeaching(page, {
    name: 'entities',
    method: 'entities',
    sample: trips,
    read(typed) {
      const { examples, types, fault } = parseEntities(typed);
      if (!fault) arrange(find(HTMLElement, '.types', section), buttonsOf([...types.keys()]));
      const marks = [...types].map(([type, number]) => `${type} ${count(number)}`).join(', ');
      const summary = `${plural(examples.length, 'sentence')}${marks ? `, with these marks: ${marks}` : ''}.`;
      return { examples, fault, summary };
    },
    marked: ({ tags }) => tags.some((/** @type {string} */ tag) => tag !== 'O'),
    file: 'entities.safetensors',
    options: () => ({ task: 'token-classification' }),
    judge(measured) {
      const [recall, precision] = ['recall', 'precision'].map((one) => mean(measured.map((round) => round[one])));
      return score(
        recall,
        `of what you marked it found, in sentences that were hidden from it (cross-validation). Of what it marked there, ${percent(precision)} was right.`,
      );
    },
  });

  const markAs = (/** @type {string} */ type) => mark((words) => `[${words}](${type})`, type);

  /** @param {string} type */
  function makeButton(type) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet';
    button.textContent = type;
    button.addEventListener('click', () => markAs(type));
    return button;
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const type = name.value.replaceAll(/[[\]()]/g, '').trim();
    if (!type) return name.focus();
    name.value = '';
    markAs(type);
  });
}
