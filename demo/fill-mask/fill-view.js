// The words that may stand where a text has [MASK].
import { find } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { showMarked } from '../shared/marked.js';
import { createScores } from '../shared/scores.js';
import { mountSuggestions } from '../shared/suggestions.js';
import { gaps } from './samples.js';

const MASK = '[MASK]';
const HUE = hueOf(5);

/** @param {import('../heads/heads.js').Page} page */
export function mountFilling({ bert, tab }) {
  const panel = find(HTMLElement, '#panel-fill');
  const text = find(HTMLTextAreaElement, '#fill-text');
  const targets = find(HTMLInputElement, '#fill-targets');
  const marked = find(HTMLElement, '.marked', panel);
  const showScores = createScores(find(HTMLElement, '.scores', panel));

  const live = createLive(panel, {
    obstacle: () => (text.value.split(MASK).length === 2 ? '' : `Write ${MASK} once, where a word is to be found.`),
    run(options) {
      const model = bert.value;
      const typed = text.value;
      const words = targets.value.split(',').flatMap((word) => word.trim() || []);
      if (!model?.info.hasMaskedLMHead || tab.value !== 'fill' || typed.split(MASK).length !== 2) return null;
      const only = words.length > 0 ? { targets: words, topK: words.length } : {};
      return model.fillMask(typed, { topK: 8, ...only, ...options }).then((fills) => ({
        typed,
        fills: /** @type {import('bertlet').MaskFill[]} */ (fills), // of a single mask
      }));
    },
    show({ typed, fills: [best, ...others] }) {
      const start = typed.indexOf(MASK);
      const end = start + best.token_str.length;
      showMarked(
        marked,
        typed.replace(MASK, () => best.token_str),
        [{ start, end, hue: HUE, score: best.score }],
      );
      showScores(
        [best, ...others].map(({ token_str: label, score }) => ({
          label,
          score,
          hue: HUE,
          best: label === best.token_str,
        })),
      );
    },
  });

  text.value = gaps[0];
  text.addEventListener('input', () => grow(text));
  for (const field of [text, targets]) field.addEventListener('input', live.soon);
  mountSuggestions(find(HTMLElement, '.suggestions', panel), text, gaps.slice(1), live.now);
  bert.subscribe((model) => {
    if (model) find(HTMLElement, '#tab-fill').hidden = !model.info.hasMaskedLMHead;
    if (model?.info.hasMaskedLMHead) tab.set('fill');
    else if (model && tab.value === 'fill') tab.set('classify');
    live.now();
  });
  tab.subscribe(live.now);
}
