// Texts to try, written for the page.

/** In which a word is missing. */
export const gaps = [
  'The capital of France is [MASK].',
  'After the long hike we were all very [MASK].',
  'She plays the [MASK] in an orchestra.',
];
