// Lines of code to copy.
import { find } from './dom.js';

/**
 * Its buttons copy the lines beside them.
 * @param {HTMLElement} section
 */
export function mountSnippets(section) {
  const status = find(HTMLElement, '.copied', section);
  for (const block of section.querySelectorAll('.snippet')) {
    const code = find(HTMLElement, 'code', block);
    find(HTMLButtonElement, '.copy', block).addEventListener('click', async () => {
      status.textContent = await copy(code);
    });
  }
}

/**
 * Copies text, or selects it where the clipboard is closed.
 * @param {HTMLElement} element
 * @returns {Promise<string>} what was done, as a sentence
 */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent ?? '');
    return 'Copied.';
  } catch {
    getSelection()?.selectAllChildren(element);
    return 'The browser did not let the page copy them: they are selected, for you to copy.';
  }
}
