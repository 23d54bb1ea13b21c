// What a temperature does to a head.

/**
 * Divides a layer's parameters, and with them its outputs, in place.
 * @param {import('../../core/dense.js').Dense} layer
 * @param {number} by
 * @param {() => Promise<void>} pause
 */
export async function divide({ weight, bias }, by, pause) {
  const width = weight.length / bias.length;
  for (let output = 0; output < bias.length; output++) {
    for (let at = output * width; at < (output + 1) * width; at++) weight[at] /= by;
    bias[output] /= by;
    await pause();
  }
}
