// Exact match and F1 of answers, as the official evaluation scripts of SQuAD count them (Rajpurkar et al. 2016 and 2018).

/** Python's string.punctuation. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** Python's \b(a|an|the)\b, where word characters are those of all scripts. */
const ARTICLES = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu;

/** What Python's str.split() splits at. */
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/; // eslint-disable-line no-control-regex

/**
 * The words of an answer that count: lower case, no ASCII punctuation, no articles.
 * @param {string} answer
 * @returns {string[]}
 */
export function answerWords(answer) {
  const words = answer.toLowerCase().replace(PUNCTUATION, '').replace(ARTICLES, ' ').split(SPACES);
  return words.filter((word) => word !== '');
}

/**
 * @param {string[]} predicted [questions] the answer to each; '' for none
 * @param {string[][]} truth [questions][answers] any of which is right; none if the question cannot be answered
 * @returns {{ exactMatch: number, f1: number, n: number }} means over the questions in percent: as evaluate-v1.1.py, or as
 *   evaluate-v2.0.py if there are questions that cannot be answered. They differ where nothing is left of an answer, as of "The"
 */
export function squadMetrics(predicted, truth) {
  const v2 = truth.some((answers) => answers.length === 0);
  let exactMatch = 0;
  let f1 = 0;
  truth.forEach((answers, i) => {
    const words = answerWords(predicted[i]);
    let gold = answers.map(answerWords);
    if (v2) gold = gold.filter(({ length }) => length > 0);
    if (v2 && gold.length === 0) gold = [[]];
    exactMatch += Math.max(...gold.map((answer) => Number(answer.join(' ') === words.join(' '))));
    f1 += Math.max(...gold.map((answer) => overlap(answer, words, v2)));
  });
  const n = truth.length;
  return { exactMatch: (100 * exactMatch) / n, f1: (100 * f1) / n, n };
}

/**
 * F1 of the words that two answers share, each as often as in both.
 * @param {string[]} gold
 * @param {string[]} words
 * @param {boolean} v2 whether no words at all agree with no words at all
 */
function overlap(gold, words, v2) {
  if (v2 && gold.length + words.length === 0) return 1;
  /** @type {Map<string, number>} */
  const left = new Map();
  for (const word of gold) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of words) {
    const count = left.get(word) ?? 0;
    if (count > 0) shared += 1;
    left.set(word, count - 1);
  }
  return shared === 0 ? 0 : (2 * shared) / (gold.length + words.length);
}
