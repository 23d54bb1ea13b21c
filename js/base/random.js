// Random numbers that a seed decides, so that the same seed gives the same head.

/**
 * A small generator of random numbers (mulberry32 by Tommy Ettinger, public domain).
 * @param {number} seed
 * @returns {() => number} uniform in [0, 1)
 */
export function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Fisher and Yates's shuffle, in place.
 * @template T
 * @param {T[]} values
 * @param {() => number} next
 */
export function shuffle(values, next) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}
