// TF-IDF: texts as counts of their words and pairs of words, weighted by rarity. It is the input of a baseline without pre-training.

/**
 * A sparse matrix in rows (CSR).
 * @typedef {object} SparseRows
 * @property {Int32Array} starts [rows + 1] index of each row's first value
 * @property {Int32Array} columns [values] column of each value
 * @property {Float64Array} values [values]
 * @property {number} width number of columns
 */

/** scikit-learn's words, Python's (?u)\b\w\w+\b. */
const WORD = /[\p{L}\p{N}_]{2,}/gu;

/**
 * Equal to scikit-learn's TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True). A term that occurs f times in a text, and in d of the
 * n texts that the vectorizer was made from, has the value (1 + ln f) (1 + ln((1 + n) / (1 + d))); then each row is divided by its
 * length.
 */
export class TfIdf {
  /** Column of each word and pair of words, in the order of their first occurrence. @type {Map<string, number>} */
  terms = new Map();
  /** [terms] inverse document frequencies. */
  idf = new Float64Array(0);

  /**
   * @param {string[]} texts to learn terms and frequencies from
   * @param {() => Promise<void>} pause awaited after each text
   */
  static async create(texts, pause) {
    const tfidf = new TfIdf();
    const { terms } = tfidf;
    /** @type {number[]} */
    const documents = [];
    for (const text of texts) {
      for (const term of countTerms(text).keys()) {
        const column = terms.get(term) ?? terms.size;
        terms.set(term, column);
        documents[column] = (documents[column] ?? 0) + 1;
      }
      await pause();
    }
    tfidf.idf = Float64Array.from(documents, (count) => 1 + Math.log((1 + texts.length) / (1 + count)));
    return tfidf;
  }

  /**
   * The rows of texts; unknown terms are ignored.
   * @param {string[]} texts
   * @param {() => Promise<void>} pause awaited after each text
   * @returns {Promise<SparseRows>} [texts][terms]
   */
  async transform(texts, pause) {
    const starts = new Int32Array(texts.length + 1);
    /** @type {number[]} */
    const columns = [];
    /** @type {number[]} */
    const values = [];
    for (const [i, text] of texts.entries()) {
      let squares = 0;
      for (const [term, count] of countTerms(text)) {
        const column = this.terms.get(term);
        if (column === undefined) continue;
        const value = (1 + Math.log(count)) * this.idf[column];
        columns.push(column);
        values.push(value);
        squares += value * value;
      }
      for (let j = starts[i]; j < values.length; j++) values[j] /= Math.sqrt(squares);
      starts[i + 1] = values.length;
      await pause();
    }
    return { starts, columns: Int32Array.from(columns), values: Float64Array.from(values), width: this.terms.size };
  }
}

/**
 * @param {string} text
 * @returns {Map<string, number>} how often each word, and each pair of neighbouring words, occurs
 */
function countTerms(text) {
  const words = text.toLowerCase().match(WORD) ?? [];
  /** @type {Map<string, number>} */
  const counts = new Map();
  const count = (/** @type {string} */ term) => counts.set(term, (counts.get(term) ?? 0) + 1);
  words.forEach((word, i) => {
    count(word);
    if (i > 0) count(`${words[i - 1]} ${word}`);
  });
  return counts;
}
