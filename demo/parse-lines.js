// Pasted lines to labelled examples.

/** @typedef {import('./examples.js').Labelled} Labelled */

/** The last tab or, in a line without one, the last comma stands between text and label. */
const SPLIT = /^(?<text>.*)\t(?<label>[^\t]*)$|^(?<quoted>".*"|.*),(?<name>[^,]*)$/;

/**
 * `"He said ""no"", twice"` to `He said "no", twice`, as spreadsheets write it.
 * @param {string} field
 */
function unquote(field) {
  const trimmed = field.trim();
  return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1).replaceAll('""', '"').trim() : trimmed;
}

/**
 * @param {string} pasted lines `text<TAB>label` or `text,label`, the fields in quotes or not; a first line that names the
 *   columns is passed over
 * @returns {{ examples: Labelled[], unlabelled: string[] }} `unlabelled`: the lines in which no label was found
 */
export function parseLines(pasted) {
  /** @type {Labelled[]} */
  const examples = [];
  /** @type {string[]} */
  const unlabelled = [];
  pasted.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === '' || (index === 0 && /^\W*text\W+label\W*$/i.test(line))) return;
    const groups = SPLIT.exec(line)?.groups;
    const text = unquote(groups?.text ?? groups?.quoted ?? '');
    const label = unquote(groups?.label ?? groups?.name ?? '');
    if (text && label) examples.push({ text, label });
    else unlabelled.push(line);
  });
  return { examples, unlabelled };
}
