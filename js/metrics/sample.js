// What a sample of numbers says of where it was drawn from.

/**
 * @param {number[]} values at least one
 * @returns {{ mean: number, std: number }} mean and sample standard deviation, which is 0 of one number
 */
export function meanAndStd(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / Math.max(values.length - 1, 1)) };
}
