// Gaps to fill, written for the page.

/** Of which set: the shipped questions, or a text of the user's own, which the page does not know. @type {Record<string, string[]>} */
const GAPS = {
  questions: [
    'My ___ has not arrived yet.',
    'How do I ___ up my account?',
    'Can I get a ___ card?',
    'What is the exchange ___?',
    'I forgot my ___, what can I do?',
  ],
  mine: ['It was a ___ of the', 'There was ___ in the'],
};

/** @param {string} source */
export const gapsOf = (source) => GAPS[source];
