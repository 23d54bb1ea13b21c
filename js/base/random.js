// Seeded random numbers: the same seed gives the same head.

/**
 * A small pseudo-random generator: mulberry32 by Tommy Ettinger, public domain.
 * @param {number} seed an integer; its low 32 bits count
 * @returns {() => number} gives the next number, uniform in [0, 1)
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
 * Shuffles an array in place, by Fisher and Yates.
 * @template T
 * @param {T[]} values
 * @param {() => number} next uniform in [0, 1), as `random` gives
 * @returns {T[]} the same array
 */
export function shuffle(values, next) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}
