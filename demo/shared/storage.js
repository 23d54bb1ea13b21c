// What the browser keeps from one visit to the next. Storage may be full or switched off: the page works all the same, until it is
// closed.

/**
 * @param {string} key
 * @returns {string | null} null: nothing was kept
 */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} text
 */
export function keep(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Not kept, then.
  }
}
