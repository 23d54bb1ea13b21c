// The scale of numbers that are to be learnt.

/** The mean and the standard deviation, or 1 where all numbers are the same. @param {number[]} values */
export function spreadOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
