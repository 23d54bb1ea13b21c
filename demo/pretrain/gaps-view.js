// The user's gaps: what a model of random weights puts there, and what the one that learns does by now.
import { arrange, clone, find, keyed } from '../shared/dom.js';
import { percent } from '../shared/format.js';
import { hueOf } from '../shared/hues.js';
import { showMarked } from '../shared/marked.js';
import { gapsOf } from './samples.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').MaskFill} MaskFill */
/** @typedef {import('./course.js').Pair} Pair */

const GAP = /_{2,}|\[MASK\]/g;
const PIECES = 4;
const HUES = { untrained: hueOf(1), learned: hueOf(0) };

/** @typedef {{ id: number, text: string }} Gap */

/**
 * @param {HTMLElement} section
 * @param {import('../shared/store.js').Watched<Pair | null>} pair
 * @returns `refresh`: the one that learns has new weights; `follow`: another takes its place, and will have its weights soon; `suggest`: gaps for a
 *   text, unless the user has written some; `first`: one with [MASK]
 */
export function mountGaps(section, pair) {
  const list = find(HTMLElement, '.gaps', section);
  const form = find(HTMLFormElement, '.new-gap', section);
  const added = find(HTMLInputElement, 'input', form);
  /** @type {Gap[]} */
  let gaps = [];
  let nextId = 0;
  let isOwn = false;
  let suggested = '';
  /** Who has filled which text: only what is new is asked. @type {Map<Model, Map<string, MaskFill[]>>} */
  const known = new Map();
  /** Whether something is asked for, and whether it is to be asked again. */
  let asking = false;
  let again = false;

  const viewsOf = keyed((/** @type {number} */ id) => makeGap(id));

  function show() {
    const views = viewsOf(gaps.map(({ id }) => id));
    gaps.forEach(({ text }, i) => views[i].show(text));
    arrange(
      list,
      views.map(({ element }) => element),
    );
  }

  /** @param {string[]} texts */
  const replace = (texts) => {
    gaps = texts.map((text) => ({ id: nextId++, text }));
    show();
    ask();
  };

  /** Fills what is not filled yet, one call after the other. */
  async function ask() {
    again = true;
    if (asking) return;
    asking = true;
    while (again) {
      again = false;
      for (const model of Object.values(pair.value ?? {})) await fill(model).catch(() => {}); // it is gone
      show();
    }
    asking = false;
  }

  /** @param {Model} model */
  async function fill(model) {
    const filled = known.get(model) ?? new Map();
    known.set(model, filled);
    const texts = gaps.map(({ text }) => text).filter((text) => masked(text) && !filled.has(text));
    if (texts.length === 0) return;
    const fills = await model.fillMask(
      texts.map((text) => /** @type {string} */ (masked(text))),
      { topK: PIECES, onWarning() {} },
    );
    texts.forEach((text, i) => filled.set(text, /** @type {MaskFill[]} */ (fills[i])));
  }

  /** @param {number} id */
  function makeGap(id) {
    const element = clone('gap-template');
    const field = find(HTMLInputElement, '.gap-text', element);
    const filled = find(HTMLElement, '.filled', element);
    let wasFilled = false;
    const sides = /** @type {const} */ (['untrained', 'learned']).map((name) => {
      const side = find(HTMLElement, `.${name}`, element);
      const sentence = find(HTMLElement, '.marked', side);
      const others = find(HTMLElement, '.others', side);
      const show = (/** @type {string} */ text, /** @type {MaskFill[]} */ fills) =>
        showFills(sentence, others, text, fills, HUES[name]);
      return { name, show };
    });
    const change = (/** @type {string | null} */ text) => {
      isOwn = true;
      gaps =
        text === null ? gaps.filter((gap) => gap.id !== id) : gaps.map((gap) => (gap.id === id ? { id, text } : gap));
      show();
      ask();
    };
    field.addEventListener('input', () => change(field.value));
    find(HTMLButtonElement, '.remove', element).addEventListener('click', () => {
      change(null);
      added.focus(); // in place of the button that is gone
    });
    return {
      element,
      /** @param {string} text */
      show(text) {
        if (field.value !== text) field.value = text;
        find(HTMLElement, '.note', element).textContent = masked(text)
          ? ''
          : 'Write ___ once, where a word is to be found.';
        const fills = sides.map(({ name }) => pair.value && known.get(pair.value[name])?.get(text));
        const isFilled = fills.every(Boolean);
        if (isFilled) sides.forEach(({ show }, i) => show(text, /** @type {MaskFill[]} */ (fills[i])));
        wasFilled = pair.value !== null && masked(text) !== null && (isFilled || wasFilled);
        filled.hidden = !wasFilled;
        filled.setAttribute('aria-busy', String(!isFilled)); // it shows the text as it was before
      },
    };
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!added.value.trim()) return;
    isOwn = true;
    gaps = [...gaps, { id: nextId++, text: added.value.trim() }];
    added.value = '';
    show();
    ask();
  });
  pair.subscribe((present) => {
    const models = Object.values(present ?? {});
    for (const model of known.keys()) if (!models.includes(model)) known.delete(model);
    show();
    ask();
  });

  return {
    refresh() {
      if (pair.value) known.delete(pair.value.learned);
      ask();
    },
    /** @param {Model | undefined} before @param {Model} after */
    follow(before, after) {
      const filled = before && known.get(before);
      if (filled) known.set(after, filled);
    },
    /** @param {string} source */
    suggest(source) {
      if (source === suggested || isOwn) return;
      suggested = source;
      replace(gapsOf(source));
    },
    first: () => gaps.map(({ text }) => masked(text)).find((text) => text !== null) ?? 'It is [MASK].',
  };
}

/**
 * The text for the model, if it has one gap.
 * @param {string} text
 */
const masked = (text) => ((text.match(GAP) ?? []).length === 1 ? text.replace(GAP, '[MASK]') : null);

/**
 * @param {HTMLElement} sentence
 * @param {HTMLElement} others what else it thought of
 * @param {string} text
 * @param {MaskFill[]} fills best first
 * @param {number} hue
 */
function showFills(sentence, others, text, [best, ...rest], hue) {
  const [before, after] = text.split(GAP);
  const isEnd = best.token_str.startsWith('##'); // of the word before the gap
  const start = isEnd ? before.trimEnd() : before;
  const word = isEnd ? best.token_str.slice(2) : best.token_str;
  const mark = { start: start.length, end: start.length + word.length, hue, score: best.score };
  showMarked(sentence, start + word + after, [mark]);
  others.textContent = [best, ...rest].map(({ token_str: piece, score }) => `${piece} ${shareOf(score)}`).join(', ');
}

/** @param {number} score 0 .. 1 */
const shareOf = (score) => (score < 0.01 ? '< 1%' : percent(score));
