// Random numbers from a normal distribution.

/**
 * A number from the standard normal distribution, by Box and Muller's method.
 * @param {() => number} next uniform in [0, 1), as `random` gives
 */
export function normal(next) {
  const radius = Math.sqrt(-2 * Math.log(1 - next()));
  return radius * Math.cos(2 * Math.PI * next());
}
