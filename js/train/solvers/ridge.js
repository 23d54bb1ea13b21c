// Ridge regression: a number as a linear function of a vector, by least squares with an L2 penalty on the weights, solved exactly.

/** A linear function, value = weight . vector + bias. @typedef {{ weight: Float64Array, bias: number }} Linear */

/**
 * Sums of products over examples: all that ridge regression has to know of them. Without a fold's they are those of the others.
 */
export class Moments {
  /** @param {number} width of the vectors */
  constructor(width) {
    this.width = width;
    this.count = 0;
    /** Of each vector's numbers with each other [width][width]; only the upper triangle. */
    this.products = new Float64Array(width * width);
    /** Of the vectors [width]. */
    this.vectors = new Float64Array(width);
    /** Of the vectors, each times its value [width]. */
    this.weighted = new Float64Array(width);
    /** Of the values, and of their squares. */
    this.values = 0;
    this.squares = 0;
  }

  /**
   * @param {Float32Array} vector [width]
   * @param {number} value
   */
  add(vector, value) {
    const { width, products } = this;
    for (let i = 0; i < width; i++) {
      const left = vector[i];
      this.vectors[i] += left;
      this.weighted[i] += left * value;
      for (let j = i, at = i * width + i; j < width; j++, at++) products[at] += left * vector[j];
    }
    this.values += value;
    this.squares += value * value;
    this.count += 1;
  }

  /** The sums without those of some of the examples. @param {Moments} others @returns {Moments} */
  without(others) {
    const rest = new Moments(this.width);
    for (const name of /** @type {const} */ (['products', 'vectors', 'weighted']))
      rest[name].forEach((_, i) => (rest[name][i] = this[name][i] - others[name][i]));
    for (const name of /** @type {const} */ (['values', 'squares', 'count'])) rest[name] = this[name] - others[name];
    return rest;
  }

  /** Sum of the squared errors of a linear function on the examples. @param {Linear} linear */
  squaredErrors({ weight, bias }) {
    const { width, products, count } = this;
    let own = 0;
    let mixed = 0;
    for (let i = 0; i < width; i++) {
      let row = (products[i * width + i] * weight[i]) / 2;
      for (let j = i + 1; j < width; j++) row += products[i * width + j] * weight[j];
      own += 2 * weight[i] * row;
      mixed += weight[i] * (bias * this.vectors[i] - this.weighted[i]);
    }
    return own + 2 * mixed + this.squares - 2 * bias * this.values + count * bias * bias;
  }

  /** Sum of the squared distances of the values from their mean. */
  get deviations() {
    return this.squares - this.values ** 2 / this.count;
  }
}

/**
 * The linear function that minimizes the sum of squared errors plus |weight|^2 / c, as scikit-learn's `Ridge(alpha=1 / c)` does: the bias is
 * not penalized. By Cholesky's decomposition of the normal equations of centred vectors.
 * @param {Moments} moments
 * @param {number} c
 * @param {() => Promise<void>} pause
 * @returns {Promise<Linear>}
 */
export async function solveRidge({ width, count, products, vectors, weighted, values }, c, pause) {
  // Row i of the factor [width][width], a lower triangle, first has the matrix's row, which by symmetry is column i of the upper triangle.
  const factor = new Float64Array(width * width);
  const weight = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    const own = i * width;
    for (let j = 0; j <= i; j++) {
      let sum = products[j * width + i] - (vectors[i] * vectors[j]) / count + (i === j ? 1 / c : 0);
      const other = j * width;
      for (let k = 0; k < j; k++) sum -= factor[own + k] * factor[other + k];
      factor[own + j] = i === j ? Math.sqrt(sum) : sum / factor[other + j];
    }
    let sum = weighted[i] - (vectors[i] * values) / count;
    for (let k = 0; k < i; k++) sum -= factor[own + k] * weight[k];
    weight[i] = sum / factor[own + i];
    await pause();
  }
  for (let i = width - 1; i >= 0; i--) {
    for (let k = i + 1; k < width; k++) weight[i] -= factor[k * width + i] * weight[k];
    weight[i] /= factor[i * width + i];
  }
  const along = weight.reduce((sum, value, i) => sum + value * vectors[i], 0);
  return { weight, bias: (values - along) / count };
}
