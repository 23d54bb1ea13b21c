// Exact match and F1 of answers, as the official evaluation scripts of SQuAD compute them (Rajpurkar et al. 2016 and 2018).

/** Python's string.punctuation. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** Python's \b(a|an|the)\b: unlike in JavaScript, letters of all scripts are word characters there. */
const ARTICLES = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu;

/** The white space that Python's str.split() splits at. */
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/; // eslint-disable-line no-control-regex

/**
 * The words of an answer in lower case, without ASCII punctuation and articles.
 * @param {string} answer
 * @returns {string[]}
 */
export function answerWords(answer) {
  const words = answer.toLowerCase().replace(PUNCTUATION, '').replace(ARTICLES, ' ').split(SPACES);
  return words.filter((word) => word !== '');
}

/**
 * Computes what evaluate-v1.1.py does, or evaluate-v2.0.py if there are questions that can't be answered. The two differ for an answer
 * without any word that counts, such as "The".
 * @param {string[]} predicted [questions] the answer to each; '' for none
 * @param {string[][]} truth [questions][answers] any of which is right; an empty array if the question can't be answered
 * @returns {{ exactMatch: number, f1: number, n: number }} means over the questions, in percent; `n`: number of questions
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
    f1 += Math.max(...gold.map((answer) => wordF1(answer, words, v2)));
  });
  const n = truth.length;
  return { exactMatch: (100 * exactMatch) / n, f1: (100 * f1) / n, n };
}

/**
 * F1 of the words that two answers share; a word counts as often as it occurs in both.
 * @param {string[]} gold
 * @param {string[]} words
 * @param {boolean} v2 whether two answers without words agree
 */
function wordF1(gold, words, v2) {
  if (v2 && gold.length + words.length === 0) return 1;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const word of gold) counts.set(word, (counts.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of words) {
    const count = counts.get(word) ?? 0;
    if (count > 0) shared += 1;
    counts.set(word, count - 1);
  }
  return shared === 0 ? 0 : (2 * shared) / (gold.length + words.length);
}
