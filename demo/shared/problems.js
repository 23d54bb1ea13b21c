// What the page says when something went wrong.

/** How a problem starts; what went wrong and what to do about it is the error's own message. */
const TITLES = new Map([
  ['NETWORK', 'The model can’t be reached.'],
  ['FILE_NOT_FOUND', 'The model was not found.'],
  ['NOT_A_MODEL', 'There is no model there.'],
  ['TRUNCATED_FILE', 'The download ended too early.'],
  ['UNSUPPORTED_MODEL', 'That kind of model is not supported.'],
  ['OUT_OF_MEMORY', 'There is not enough memory.'],
  ['NO_WASM', 'This browser can’t run the model.'],
  ['NO_EXAMPLES', 'There is nothing to learn from yet.'],
  ['ONE_CLASS', 'One label is not enough.'],
  ['BAD_ADAPTER', 'The adapter can’t be used.'],
  ['BAD_CHECKPOINT', 'It can’t go on from there.'],
  ['BAD_WEIGHTS', 'Training went astray.'],
  ['BAD_HEAD', 'That file is not a saved classifier.'],
  ['HEAD_MODEL_MISMATCH', 'That classifier belongs to another model.'],
]);

/**
 * Shows `error` in `box`, or clears it for `null`. An error that only says "cancelled" is not a problem.
 * @param {HTMLElement} box
 * @param {any} error
 */
export function showProblem(box, error) {
  box.hidden = !error || error.name === 'AbortError';
  if (box.hidden) return box.replaceChildren();
  const title = document.createElement('strong');
  title.textContent = TITLES.get(error.code) ?? 'That did not work.';
  box.replaceChildren(title, ` ${error.message}`);
}
