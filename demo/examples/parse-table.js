// Pasted tables and JSON Lines to examples, as the command line reads them.
import { readClassification, readMultiLabel } from '../../js/cli/data/classification.js';
import { findColumns } from '../../js/cli/data/columns.js';
import { readRows } from '../../js/cli/data/rows.js';

/** @typedef {import('./parse-lines.js').Parsed} Parsed */
/** @typedef {import('./types.js').KindName} KindName */
/** @typedef {import('./types.js').Labelled} Labelled */

/** What the readers call what was pasted, in their messages. */
const NAME = 'Here';

/**
 * @param {string} pasted
 * @param {KindName} kind
 * @returns {Parsed | null} null if it is no table whose columns are told by their names, or by a delimiter that no typed line has
 */
export function parseTable(pasted, kind) {
  if (/^\s*(\{\s*"|\[\s*\{)/.test(pasted)) return parseJson(pasted, kind);
  try {
    const format = pasted.trimStart().split('\n', 1)[0].includes('\t') ? 'tsv' : 'csv';
    const { rows, delimiter } = readRows(format, pasted, NAME);
    if (rows.length === 0) return null;
    const columns = findColumns(rows, NAME);
    const width = rows[0].cells.length;
    const isEven = rows.every(({ cells }) => cells.length === width);
    const labels = new Set(rows.map(({ cells }) => cells[columns.label]));
    const isTable = columns.header ? isEven || width > 2 || delimiter !== ',' : isEven && labels.size < rows.length;
    if (!isTable || (!columns.header && (width > 2 || !';|'.includes(delimiter)))) return null;
    if (columns.textPair >= 0 !== (kind === 'pairs')) return null;

    /** @type {Parsed} */
    const parsed = { examples: [], unlabelled: [], unclosed: [] };
    for (const { cells } of rows.slice(columns.header ? 1 : 0)) {
      const [text = '', textPair = ''] = [cells[columns.text]?.trim(), cells[columns.textPair]?.trim()];
      const label = (cells[columns.label] ?? '').trim();
      const named = (kind === 'several' ? label.split(',') : [label]).map((one) => one.trim()).filter(Boolean);
      const isWhole = cells.length === width && text && (kind !== 'pairs' || textPair) && named.length > 0;
      if (!isWhole) parsed.unlabelled.push(cells.join(delimiter));
      else
        for (const one of named)
          parsed.examples.push(kind === 'pairs' ? { text, textPair, label: one } : { text, label: one });
    }
    return parsed;
  } catch {
    return null; // quotes that are not in order, or columns that nothing tells: lines that somebody typed
  }
}

/**
 * @param {string} pasted
 * @param {KindName} kind
 * @returns {Parsed} `problem`: why it is none
 */
function parseJson(pasted, kind) {
  /** @type {Parsed} */
  const parsed = { examples: [], unlabelled: [], unclosed: [] };
  if (pasted.trimStart().startsWith('['))
    return {
      ...parsed,
      problem: 'This is one JSON array; paste its objects one per line, without brackets and commas around them.',
    };
  const ignore = () => {};
  try {
    if (kind === 'several') {
      for (const { text, labels } of readMultiLabel('jsonl', pasted, NAME, ignore))
        parsed.examples.push(...labels.map((label) => ({ text, label })));
    } else {
      for (const { text, textPair, label } of readClassification('jsonl', pasted, NAME, ignore))
        if ((textPair !== undefined) === (kind === 'pairs'))
          parsed.examples.push(textPair === undefined ? { text, label } : { text, textPair, label });
        else parsed.unlabelled.push(text);
    }
    return parsed;
  } catch (error) {
    return { examples: [], unlabelled: [], unclosed: [], problem: /** @type {Error} */ (error).message };
  }
}
