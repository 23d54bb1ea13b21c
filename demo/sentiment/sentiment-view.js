// What a text as a whole is, and each of its sentences.
import { provideHead } from '../heads/provide-head.js';
import { find } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { showMarked } from '../shared/marked.js';
import { createScores, showVerdict } from '../shared/scores.js';
import { mountSuggestions } from '../shared/suggestions.js';
import { reviews } from './samples.js';

/** @typedef {import('bertlet').Prediction} Prediction */
/** @typedef {{ start: number, end: number, best: Prediction }} Sentence */

/** Labels that have a colour of their own. @type {Record<string, number>} */
const HUES = { positive: 160, negative: 25 };

/** Bars that are shown at most. */
const SHOWN = 6;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** @param {import('../heads/heads.js').Page} page */
export function mountSentiment(page) {
  const panel = find(HTMLElement, '#panel-sentiment');
  const text = find(HTMLTextAreaElement, '#sentiment-text');
  const verdict = find(HTMLElement, '.verdict', panel);
  const marked = find(HTMLElement, '.marked', panel);
  const showScores = createScores(find(HTMLElement, '.scores', panel));
  const head = provideHead(page, 'sentiment', 'sentiment-rt-polarity', 'classify');

  /** @param {string} label */
  const hueFor = (label) => HUES[label.toLowerCase()] ?? hueOf((head.value?.labels.indexOf(label) ?? 0) + 2);

  const live = createLive(panel, {
    run(options) {
      const typed = text.value;
      if (!head.value || !typed.trim()) return null;
      const places = sentencesOf(typed);
      const texts = [typed, ...places.map(({ start, end }) => typed.slice(start, end))];
      return head.value.classify(texts, options).then(([whole, ...each]) => ({
        typed,
        whole,
        sentences: places.map((place, i) => ({ ...place, best: each[i][0] })),
      }));
    },
    show({ typed, whole, sentences }) {
      showVerdict(verdict, { ...whole[0], hue: hueFor(whole[0].label) });
      const rows = whole.slice(0, SHOWN).map((row, i) => ({ ...row, hue: hueFor(row.label), best: i === 0 }));
      showScores(rows.sort((a, b) => b.hue - a.hue));
      marked.hidden = sentences.length < 2;
      showMarked(
        marked,
        typed,
        sentences.map(({ start, end, best: { label, score } }) => ({
          start,
          end,
          hue: hueFor(label),
          name: label,
          score,
        })),
      );
    },
  });

  text.value = reviews[0];
  text.addEventListener('input', () => {
    grow(text);
    live.soon();
  });
  mountSuggestions(find(HTMLElement, '.suggestions', panel), text, reviews.slice(1), live.now);
  head.subscribe((present) => {
    const known = !present || present.labels.some((label) => label.toLowerCase() in HUES);
    find(HTMLElement, '#tab-sentiment').textContent = known ? 'Sentiment' : 'Labels';
    find(HTMLElement, '#sentiment-title label').textContent = known
      ? 'Is it praise or complaint?'
      : 'Which label fits?';
    live.now();
  });
}

/**
 * Where the sentences of a text are, without the space behind them.
 * @param {string} text
 * @returns {{ start: number, end: number }[]}
 */
function sentencesOf(text) {
  return [...segmenter.segment(text)].flatMap(({ segment, index }) =>
    segment.trim() ? [{ start: index, end: index + segment.trimEnd().length }] : [],
  );
}
