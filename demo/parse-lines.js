// Pasted lines to labelled examples.

/** @typedef {import('./examples.js').Labelled} Labelled */

/** A field of a line with commas: in quotes, if it has commas itself. */
const FIELD = /(\s*"(?:[^"]|"")*"\s*|[^,]*)/.source;
const FIELDS = new RegExp(`^${FIELD},${FIELD},${FIELD}$`);

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
export const parseLines = (pasted) =>
  parse(pasted, /^\W*text\W+label\W*$/i, (line) => {
    const groups = SPLIT.exec(line)?.groups;
    const text = unquote(groups?.text ?? groups?.quoted ?? '');
    const label = unquote(groups?.label ?? groups?.name ?? '');
    return text && label ? { text, label } : null;
  });

/**
 * @param {string} pasted lines of two texts and a label, with tabs or commas between them; fields with commas in quotes
 * @returns {{ examples: Labelled[], unlabelled: string[] }} `unlabelled`: the lines that are not of three fields
 */
export const parsePairs = (pasted) =>
  parse(pasted, /^\W*text\w*\W+text\w*\W+label\W*$/i, (line) => {
    const fields = line.includes('\t') ? line.split('\t') : (FIELDS.exec(line)?.slice(1) ?? []);
    const [text, textPair, label] = fields.map(unquote);
    return fields.length === 3 && text && textPair && label ? { text, textPair, label } : null;
  });

/**
 * @param {string} pasted
 * @param {RegExp} header
 * @param {(line: string) => Labelled | null} read
 */
function parse(pasted, header, read) {
  /** @type {Labelled[]} */
  const examples = [];
  /** @type {string[]} */
  const unlabelled = [];
  pasted.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === '' || (index === 0 && header.test(line))) return;
    const example = read(line);
    if (example) examples.push(example);
    else unlabelled.push(line);
  });
  return { examples, unlabelled };
}
