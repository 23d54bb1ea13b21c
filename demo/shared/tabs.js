// Tabs, as https://www.w3.org/WAI/ARIA/apg/patterns/tabs describes them. The one that is open stands in the page's address.
import { find } from './dom.js';
import { createStore } from './store.js';

const PREFIX = 'tab-';

/** @returns {import('./store.js').Store<string>} the name of the open tab */
export function mountTabs() {
  const list = find(HTMLElement, '[role=tablist]');
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role=tab]')]);
  const nameOf = (/** @type {HTMLElement} */ tab) => tab.id.slice(PREFIX.length);
  const shown = () => tabs.filter((tab) => !tab.hidden);
  const asked = () => shown().find((tab) => nameOf(tab) === location.hash.slice(1));
  const open = createStore(nameOf(asked() ?? tabs[0]));

  open.subscribe((name) => {
    for (const tab of tabs) {
      const selected = nameOf(tab) === name;
      tab.setAttribute('aria-selected', String(selected));
      tab.tabIndex = selected ? 0 : -1;
      find(HTMLElement, `#${tab.getAttribute('aria-controls')}`).hidden = !selected;
    }
    if ((location.hash.slice(1) || nameOf(tabs[0])) !== name) history.pushState(null, '', `#${name}`);
  });
  addEventListener('hashchange', () => open.set(nameOf(asked() ?? tabs[0])));

  list.addEventListener('click', ({ target }) => {
    const tab = target instanceof Element && target.closest('[role=tab]');
    if (tab instanceof HTMLElement) open.set(nameOf(tab));
  });
  // Arrows only move the focus, and Enter opens: what a tab shows may have to be loaded first.
  list.addEventListener('keydown', (event) => {
    const choices = shown();
    const at = choices.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 };
    if (at < 0 || !(event.key in moves)) return;
    event.preventDefault();
    choices.at(moves[event.key] % choices.length)?.focus();
  });
  return open;
}
