// Losses of the vectors of texts by their cosines, with their derivatives, in float64. They are tiny beside the encoder's work.

/**
 * A loss of vectors, and its derivative by each of their numbers.
 * @typedef {object} VectorLoss
 * @property {number} loss
 * @property {Float32Array} gradient [vectors][width]
 */

/**
 * By what cosines are multiplied before the softmax, as in MultipleNegativesRankingLoss of sentence-transformers: the softmax of numbers
 * from -1 to 1 would be nearly even whatever the vectors are.
 */
const SCALE = 20;

/** Below this a vector has no direction, as for torch.nn.functional.normalize. */
const SHORTEST = 1e-12;

/**
 * The mean squared error of the cosines of pairs: mean of (cos(left, right) - score)^2. sentence-transformers' CosineSimilarityLoss (Reimers
 * & Gurevych 2019, https://arxiv.org/abs/1908.10084, section 3, "regression objective").
 * @param {Float32Array} vectors [vectors][width]
 * @param {number} width
 * @param {{ left: number, right: number, score: number }[]} pairs of vectors, by their index; `score`: the cosine that they should have
 * @returns {VectorLoss}
 */
export function cosineLoss(vectors, width, pairs) {
  const directions = new Directions(vectors, width);
  let loss = 0;
  for (const { left, right, score } of pairs) {
    const error = directions.cosine(left, right) - score;
    loss += error ** 2 / pairs.length;
    directions.addGradient(left, right, (2 * error) / pairs.length);
  }
  return { loss, gradient: directions.gradient() };
}

/**
 * The mean cross entropy of finding each anchor's candidate among all, by a softmax of their cosines times SCALE: -log(exp(s_ii) / sum over j
 * of exp(s_ij)). sentence-transformers' MultipleNegativesRankingLoss (Henderson et al. 2017, https://arxiv.org/abs/1705.00652, section 4.4).
 * @param {Float32Array} vectors [vectors][width]
 * @param {number} width
 * @param {number[]} anchors index of a vector each
 * @param {number[]} candidates index of a vector each: first that which belongs to each anchor, in their order, then any that belong to none
 * @returns {VectorLoss}
 */
export function rankingLoss(vectors, width, anchors, candidates) {
  const directions = new Directions(vectors, width);
  let loss = 0;
  anchors.forEach((anchor, own) => {
    const scores = candidates.map((candidate) => SCALE * directions.cosine(anchor, candidate));
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const sum = powers.reduce((all, power) => all + power);
    loss += (most + Math.log(sum) - scores[own]) / anchors.length;
    candidates.forEach((candidate, i) => {
      const byScore = (powers[i] / sum - Number(i === own)) / anchors.length;
      directions.addGradient(anchor, candidate, SCALE * byScore);
    });
  });
  return { loss, gradient: directions.gradient() };
}

/** Vectors divided by their lengths, and the derivative of a loss by the vectors as they were. */
class Directions {
  #width;
  #lengths;
  #units;
  #gradient;

  /**
   * @param {Float32Array} vectors [vectors][width]
   * @param {number} width
   */
  constructor(vectors, width) {
    this.#width = width;
    this.#units = Float64Array.from(vectors);
    this.#gradient = new Float64Array(vectors.length);
    this.#lengths = Float64Array.from({ length: vectors.length / width }, (_, i) => {
      const unit = this.#unit(i);
      const length = Math.max(Math.sqrt(dot(unit, unit)), SHORTEST);
      unit.forEach((value, k) => (unit[k] = value / length));
      return length;
    });
  }

  /** @param {number} i */
  #unit(i) {
    return this.#units.subarray(i * this.#width, (i + 1) * this.#width);
  }

  /** The cosine of two of them. @param {number} i @param {number} j */
  cosine(i, j) {
    return dot(this.#unit(i), this.#unit(j));
  }

  /**
   * Adds what the loss changes with the cosine of two of them.
   * @param {number} i
   * @param {number} j
   * @param {number} byCosine the derivative by it
   */
  addGradient(i, j, byCosine) {
    const [left, right] = [i * this.#width, j * this.#width];
    for (let k = 0; k < this.#width; k++) {
      this.#gradient[left + k] += byCosine * this.#units[right + k];
      this.#gradient[right + k] += byCosine * this.#units[left + k];
    }
  }

  /** By the vectors x = length . u: what is along u changes the length only, so (g - (g . u) u) / length. @returns {Float32Array} */
  gradient() {
    this.#lengths.forEach((length, i) => {
      const unit = this.#unit(i);
      const own = this.#gradient.subarray(i * this.#width, (i + 1) * this.#width);
      const along = dot(own, unit);
      own.forEach((value, k) => (own[k] = (value - along * unit[k]) / length));
    });
    return Float32Array.from(this.#gradient);
  }
}

/** @param {Float32Array | Float64Array} a @param {Float32Array | Float64Array} b of the same length */
export function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
