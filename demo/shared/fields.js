// What text fields do.

/**
 * Lets a field be as high as its text, in browsers whose CSS can't.
 * @param {HTMLTextAreaElement} field
 */
export function grow(field) {
  if (CSS.supports('field-sizing', 'content')) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

/**
 * Enter takes over what was typed, Escape puts back what was there.
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {string} before
 */
export function leaveOnEnter(event, field, before) {
  if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
  event.preventDefault();
  if (event.key === 'Escape') field.value = before;
  field.blur();
}
