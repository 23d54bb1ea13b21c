// Words and pairs of words, weighted by how rare they are: what a classifier that has not read anything before sees of a text.

/**
 * A matrix with few values that are not 0, row by row.
 * @typedef {object} SparseRows
 * @property {Int32Array} starts [rows + 1] where the values of each row begin
 * @property {Int32Array} columns [values]
 * @property {Float64Array} values
 * @property {number} width number of columns
 */

/** Python's (?u)\b\w\w+\b, scikit-learn's words. */
const WORD = /[\p{L}\p{N}_]{2,}/gu;

/**
 * Equal to scikit-learn's TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True): a term that occurs f times in a text, and in
 * d of the n texts that it was made from, has the value (1 + ln f) (1 + ln((1 + n) / (1 + d))); rows have length 1.
 */
export class TfIdf {
  /** @type {Map<string, number>} columns of words and of pairs of words, in the order in which they occur */
  terms = new Map();
  /** @type {Float64Array} [terms] */
  idf;

  /** @param {string[]} texts */
  constructor(texts) {
    /** @type {number[]} */
    const documents = [];
    for (const text of texts) {
      for (const term of countTerms(text).keys()) {
        const column = this.terms.get(term) ?? this.terms.size;
        this.terms.set(term, column);
        documents[column] = (documents[column] ?? 0) + 1;
      }
    }
    this.idf = Float64Array.from(documents, (count) => 1 + Math.log((1 + texts.length) / (1 + count)));
  }

  /**
   * @param {string[]} texts
   * @returns {SparseRows} [texts][terms]; terms that are not known don't count
   */
  transform(texts) {
    const starts = new Int32Array(texts.length + 1);
    /** @type {number[]} */
    const columns = [];
    /** @type {number[]} */
    const values = [];
    texts.forEach((text, i) => {
      let squares = 0;
      for (const [term, count] of countTerms(text)) {
        const column = this.terms.get(term);
        if (column === undefined) continue;
        const value = (1 + Math.log(count)) * this.idf[column];
        columns.push(column);
        values.push(value);
        squares += value * value;
      }
      for (let at = starts[i]; at < values.length; at++) values[at] /= Math.sqrt(squares);
      starts[i + 1] = values.length;
    });
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
