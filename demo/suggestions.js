// Texts to try, which fill a field at a click.
import { arrange, grow } from './dom.js';

/**
 * @param {HTMLElement} list
 * @param {HTMLTextAreaElement | HTMLInputElement} field
 * @param {string[]} texts
 * @param {() => void} chosen
 */
export function mountSuggestions(list, field, texts, chosen) {
  arrange(
    list,
    texts.map((text) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = text;
      button.addEventListener('click', () => {
        field.value = text;
        if (field instanceof HTMLTextAreaElement) grow(field);
        chosen();
      });
      item.append(button);
      return item;
    }),
  );
}
