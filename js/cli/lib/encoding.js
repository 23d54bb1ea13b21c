// What bytes are that are not text in UTF-8. Runs in Node and in the demo page.

/** First bytes of files that are no text, in hexadecimal. */
const SIGNATURES = Object.entries({
  '89504e47': 'a PNG image',
  ffd8ff: 'a JPEG image',
  47494638: 'a GIF image',
  25504446: 'a PDF document',
  '504b0304': 'a ZIP archive, as Excel workbooks (.xlsx) are; in Excel, save the sheet as "CSV UTF-8"',
  d0cf11e0: 'an old Excel workbook (.xls) or another Office file; in Excel, save the sheet as "CSV UTF-8"',
  '1f8b': 'compressed by gzip',
  '28b52ffd': 'compressed by zstd',
  50415231: 'a Parquet file',
  '53514c69': 'an SQLite database',
});

/** Byte order marks. */
const UTF_16 = ['fffe', 'feff'];

const SAVE = 'save it as UTF-8 and try again';

/**
 * What kind of file bytes are, by their beginning, and what to do; undefined where nothing speaks against text in an encoding of single
 * bytes. As the end of a sentence that begins with "This is".
 * @param {Uint8Array} bytes
 * @returns {string | undefined}
 */
export function foreignKind(bytes) {
  const first = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const known = SIGNATURES.find(([signature]) => first.startsWith(signature));
  if (known) return `${known[1]}${known[1].includes(';') ? '' : ', not text'}`;
  const sample = bytes.subarray(0, 4096);
  const zeros = sample.filter((byte) => byte === 0).length;
  // UTF-16 of ASCII text has a zero in every other byte.
  if (UTF_16.includes(first.slice(0, 4)) || zeros > 0.3 * sample.length) return `UTF-16; ${SAVE}`;
  const controls = sample.filter((byte) => byte < 32 && ![9, 10, 12, 13, 27].includes(byte)).length;
  return controls > 3 && controls > 0.05 * sample.length ? 'a binary file, not text' : undefined;
}

/** What to say of text that is neither UTF-8 nor a known kind: all of Windows' encodings for Europe look alike. */
export const singleByte = `not UTF-8 but probably Windows-1252 (Excel's plain "CSV"); ${SAVE}, in Excel as "CSV UTF-8"`;
