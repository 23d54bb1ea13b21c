// The names in a text and what kind of thing each is of.
import { provideHead } from '../heads/provide-head.js';
import { find } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { showMarked } from '../shared/marked.js';
import { createScores } from '../shared/scores.js';
import { mountSuggestions } from '../shared/suggestions.js';
import { mountEntitiesTeaching } from './entities-teaching.js';
import { news, tripsToTry } from './samples.js';

/** @param {import('../heads/heads.js').Page} page */
export function mountEntities(page) {
  const panel = find(HTMLElement, '#panel-entities');
  const text = find(HTMLTextAreaElement, '#entities-text');
  const marked = find(HTMLElement, '.marked', panel);
  const empty = find(HTMLElement, '.empty', panel);
  const showScores = createScores(find(HTMLElement, '.scores', panel));
  const head = provideHead(page, 'entities', 'entities-wnut17', 'entities');

  /** @param {string} type */
  const hueFor = (type) => hueOf(typesOf(head.value?.labels ?? []).indexOf(type));

  const live = createLive(panel, {
    run(options) {
      const typed = text.value;
      if (!head.value || !typed.trim()) return null;
      return head.value.entities(typed, options).then((entities) => ({ typed, entities }));
    },
    show({ typed, entities }) {
      const marks = entities.map(({ entity_group: type, start, end, score }) => ({
        start,
        end,
        score,
        hue: hueFor(type),
        name: type.replaceAll(/[-_]/g, ' '),
      }));
      empty.hidden = marks.length > 0;
      showMarked(marked, typed, marks);
      showScores(
        marks.map(({ start, end, score, hue }) => ({ label: typed.slice(start, end), score, hue, best: true })),
      );
    },
  });

  /** Puts them in the place of others, unless something else was typed. @param {string[]} texts */
  function showTexts([first, ...others]) {
    const untouched = ['', ...news, ...tripsToTry].includes(text.value);
    if (untouched && ![first, ...others].includes(text.value)) text.value = first;
    mountSuggestions(find(HTMLElement, '.suggestions', panel), text, others, live.now);
  }

  text.addEventListener('input', () => {
    grow(text);
    live.soon();
  });
  showTexts(news);
  head.subscribe((present) => {
    // What was taught from the examples of the start has sentences of its own to try.
    if (present) showTexts(present.labels.includes('B-from') ? tripsToTry : news);
    live.now();
  });
  mountEntitiesTeaching(page);
}

/**
 * Tags to types: B-person and I-person are of one.
 * @param {readonly string[]} tags
 */
const typesOf = (tags) => [...new Set(tags.map((tag) => tag.replace(/^[BI]-/, '')))];
