// The options that say how a table of examples is built: train, evaluate and learning-curve have them.
import { truth, UsageError } from './arguments.js';

/** @type {import('./arguments.js').Options} */
export const tableOptions = {
  header: { type: 'string' },
  'text-column': { type: 'string' },
  'text-pair-column': { type: 'string' },
  'label-column': { type: 'string' },
  delimiter: { type: 'string' },
};

export const tableHelp = `  --header true|false    TSV, CSV: whether the first row names the columns (default: found)
  --text-column NAME     TSV, CSV: the column of the texts, by name or by number from 1 (default: found)
  --text-pair-column NAME
                         TSV, CSV: the column of the second texts of pairs, likewise (default: text_pair, if there is one)
  --label-column NAME    TSV, CSV: the column of the labels, or numbers, likewise
  --delimiter CHARACTER  TSV, CSV: what stands between cells, such as ";" or tab (default: found)`;

/** Words for characters that are hard to type. @type {Map<unknown, string>} */
const words = new Map([
  ['tab', '\t'],
  ['\\t', '\t'],
]);

/**
 * What was given of them. Throws UsageError.
 * @param {import('./arguments.js').Values} values
 */
export function readTableOptions(values) {
  const delimiter = words.get(values.delimiter) ?? values.delimiter;
  if (delimiter !== undefined && !(typeof delimiter === 'string' && /^[^"\r\n]$/.test(delimiter)))
    throw new UsageError(`--delimiter must be one character, or tab, not '${values.delimiter}'`);
  return {
    header: truth(values, 'header'),
    textColumn: /** @type {string | undefined} */ (values['text-column']),
    textPairColumn: /** @type {string | undefined} */ (values['text-pair-column']),
    labelColumn: /** @type {string | undefined} */ (values['label-column']),
    delimiter,
  };
}
