// Numbers as a person reads them.

const percents = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const counts = new Intl.NumberFormat('en');
const cosines = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const decimals = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

/** @param {number} share 0 .. 1 */
export const percent = (share) => percents.format(share);

/** @param {number} similarity -1 .. 1 */
export const cosine = (similarity) => cosines.format(similarity);

/** @param {number} value */
export const count = (value) => counts.format(value);

/** @param {number} value to two digits */
export const decimal = (value) => decimals.format(value);

/** @param {number} bytes */
export const megabytes = (bytes) => counts.format(Math.round(bytes / 1e6));

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${decimal(seconds)} s`;
  return seconds < 100 ? `${count(Math.round(seconds))} s` : `${count(Math.round(seconds / 60))} min`;
}

/** How long something will take, about: "25 s", "3 min". @param {number} seconds */
export const timeLeft = (seconds) =>
  seconds < 100 ? `${5 * Math.ceil(seconds / 5)} s` : `${count(Math.ceil(seconds / 60))} min`;

/**
 * "1 example", "16 examples"
 * @param {number} value
 * @param {string} noun
 */
export const plural = (value, noun) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
