// Texts to lines.

/**
 * The lines of a text, without "\n" or "\r\n". Text after the last line end is a line, too.
 * @param {string} text
 * @returns {string[]}
 */
export function splitLines(text) {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
