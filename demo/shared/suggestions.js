// Texts to try, which fill fields at a click.
import { arrange } from './dom.js';
import { grow } from './fields.js';

/**
 * @param {HTMLElement} list
 * @param {HTMLTextAreaElement | HTMLInputElement} field
 * @param {string[]} texts
 * @param {() => void} chosen
 */
export function mountSuggestions(list, field, texts, chosen) {
  showSuggestions(list, texts, (index) => {
    field.value = texts[index];
    if (field instanceof HTMLTextAreaElement) grow(field);
    chosen();
  });
}

/**
 * @param {HTMLElement} list
 * @param {string[]} texts
 * @param {(index: number) => void} choose
 */
export function showSuggestions(list, texts, choose) {
  arrange(
    list,
    texts.map((text, index) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = text;
      button.addEventListener('click', () => choose(index));
      item.append(button);
      return item;
    }),
  );
}
