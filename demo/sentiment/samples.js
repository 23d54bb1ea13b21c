// Texts to try, written for the page.

/** For the sentiment of a text as a whole and of each of its sentences. */
export const reviews = [
  'The actors are a joy to watch. But the story drags, and the ending makes no sense at all. Still, I would see it again.',
  'A film so clumsy that even its jokes seem embarrassed.',
  'Quietly funny, never sentimental, and over far too soon.',
];
