// The warning of texts that were cut.

/**
 * @param {number[]} texts the caller's numbers of them, ascending; at least one
 * @param {number} maxTokens to which they were cut
 * @returns {string} a sentence
 */
export function cutWarning(texts, maxTokens) {
  const which =
    texts.length === 1 ? `Text ${texts[0]} was` : `${texts.length} texts (the first is text ${texts[0]}) were`;
  return `${which} longer than the model's ${maxTokens} tokens and cut there.`;
}
