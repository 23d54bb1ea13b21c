// Colours of labels.

/**
 * Hues apart from each other, in degrees, starting with green and red.
 * @param {number} index
 */
export function hueOf(index) {
  const chosen = [160, 25, 265, 85, 325, 215];
  return chosen[index] ?? Math.round(index * 137.5) % 360;
}
