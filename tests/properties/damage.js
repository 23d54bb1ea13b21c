// Damaged files for fast-check: valid ones with values, types and numbers replaced, keys removed, doubled and renamed, bytes lost.
import fc from 'fast-check';

/** JSON that is no value of JavaScript: kept as it is written. */
class Literal {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** An object as a list, so that a key can occur twice, in any order. */
class Entries {
  /** @param {[key: string, value: unknown][]} list */
  constructor(list) {
    this.list = list;
  }
}

/** Names that every object of JavaScript inherits, or that mean something to it. */
const INHERITED = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'length', 'then'];

const numbers = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    -1,
    1,
    2,
    3,
    7,
    8,
    0.5,
    255,
    65536,
    2 ** 24,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e9,
    1e-9,
  ),
  fc.constantFrom('1e999', '-1e999', '123456789012345678901234567890', '1e308', '-0').map((text) => new Literal(text)),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const strings = fc.oneof(
  fc.constantFrom(
    ...INHERITED,
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    'null',
    '../x',
    '/etc/passwd',
    'a/../../b',
    '1_x/../..',
    '\u0000',
    '\n',
    '\ud800',
  ),
  fc.constantFrom('[CLS]', '[MASK]', '##a', '(', '((a+)+)+', '.*', 'a'.repeat(5000)),
  fc.string({ unit: 'binary' }),
);

/** What stands in place of a value of any type. */
const strange = fc.oneof(
  { weight: 3, arbitrary: numbers },
  { weight: 3, arbitrary: strings },
  fc.constantFrom(null, true, false),
  fc
    .constantFrom(...INHERITED)
    .chain((key) => fc.constantFrom(null, 1, {}, 'x').map((value) => new Entries([[key, value]]))),
  fc.constantFrom([], [null], [[]], [0], ['a', 'a'], [{}]).map(toTree),
  fc.constantFrom(new Entries([]), new Literal('['.repeat(20_000) + ']'.repeat(20_000))),
  fc.jsonValue({ maxDepth: 2 }).map(toTree),
);

/** One change of a tree: what to do, at which of its values, and with what. */
const change = fc.record({
  what: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'double', 'rename', 'wrap', 'add', 'swap'),
  where: fc.nat(),
  other: fc.nat(),
  value: strange,
  key: fc.oneof(fc.constantFrom(...INHERITED), strings),
});

/** A value of JSON as a tree that can be changed. @param {unknown} value @returns {unknown} */
function toTree(value) {
  if (Array.isArray(value)) return value.map(toTree);
  if (typeof value !== 'object' || value === null || value instanceof Literal || value instanceof Entries) return value;
  return new Entries(Object.entries(value).map(([key, one]) => [key, toTree(one)]));
}

/** @param {unknown} tree @returns {string} JSON, or what only looks like it */
function print(tree) {
  if (tree instanceof Literal) return tree.text;
  if (Array.isArray(tree)) return `[${tree.map(print).join(',')}]`;
  if (tree instanceof Entries)
    return `{${tree.list.map(([key, value]) => `${JSON.stringify(key)}:${print(value)}`).join(',')}}`;
  return JSON.stringify(tree);
}

/**
 * All values of a tree: each with its list, which is an array or an object's entries, and its index there.
 * @param {unknown} tree
 * @returns {{ list: any[], index: number, keyed: boolean }[]}
 */
function places(tree) {
  const keyed = tree instanceof Entries;
  const list = keyed ? tree.list : Array.isArray(tree) ? tree : [];
  return list.flatMap((one, index) => [{ list, index, keyed }, ...places(keyed ? one[1] : one)]);
}

/** @param {unknown} tree @param {any[]} changes @returns {unknown} a changed copy */
function applyChanges(tree, changes) {
  const root = [toTree(JSON.parse(JSON.stringify(tree)))];
  for (const { what, where, other, value, key } of changes) {
    const all = [{ list: root, index: 0, keyed: false }, ...places(root[0])];
    const { list, index, keyed } = all[where % all.length];
    const get = () => (keyed ? list[index][1] : list[index]);
    const set = (/** @type {unknown} */ one) => (keyed ? (list[index] = [list[index][0], one]) : (list[index] = one));
    const isRoot = list === root;
    if (what === 'replace') set(value);
    else if (what === 'wrap') set(other % 2 ? [get()] : new Entries([[key, get()]]));
    else if (what === 'remove' && !isRoot) list.splice(index, 1);
    else if (what === 'double' && !isRoot) list.splice(other % (list.length + 1), 0, list[index]);
    else if (what === 'rename' && keyed) list[index] = [other % 2 ? key : list[other % list.length][0], get()];
    else if (what === 'add') list.splice(isRoot ? 1 : index, 0, keyed ? [key, value] : value);
    else if (what === 'swap' && !isRoot) {
      const [first, second] = [list[index], list[other % list.length]];
      [list[index], list[other % list.length]] = keyed
        ? [
            [first[0], second[1]],
            [second[0], first[1]],
          ]
        : [second, first];
    }
  }
  return root[0];
}

/**
 * Texts that are almost the JSON of a value; some are no JSON at all.
 * @param {unknown} value
 * @returns {fc.Arbitrary<string>}
 */
export const damagedJson = (value) =>
  fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => print(applyChanges(value, changes)));

/** @param {string} text */
const encode = (text) => new TextEncoder().encode(text);

/**
 * Bytes that are almost those of a file: cut, changed, doubled in part, or any others.
 * @param {Uint8Array} bytes
 * @returns {fc.Arbitrary<Uint8Array>}
 */
export const damagedBytes = (bytes) =>
  fc.oneof(
    fc.nat({ max: bytes.length }).map((end) => bytes.slice(0, end)),
    fc
      .record({ at: fc.nat({ max: bytes.length }), lost: fc.nat({ max: 20 }), put: fc.uint8Array({ maxLength: 20 }) })
      .map(({ at, lost, put }) => join(bytes.subarray(0, at), put, bytes.subarray(at + lost))),
    fc.tuple(fc.nat({ max: bytes.length }), fc.nat({ max: bytes.length })).map(([a, b]) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      return join(bytes.subarray(0, to), bytes.subarray(from));
    }),
    fc.uint8Array({ maxLength: 200 }),
  );

/** @param {...Uint8Array} parts */
const join = (...parts) => new Uint8Array(Buffer.concat(parts));

/**
 * Bytes of a JSON file: mostly changed as JSON is, some as any file is.
 * @param {unknown} value
 * @returns {fc.Arbitrary<Uint8Array>}
 */
export const damagedJsonFile = (value) =>
  fc.oneof(
    { weight: 6, arbitrary: damagedJson(value).map(encode) },
    { weight: 1, arbitrary: damagedBytes(encode(JSON.stringify(value))) },
  );

/**
 * Bytes of a text file, changed by characters that mean something in it.
 * @param {string} text
 * @param {string[]} marks
 * @returns {fc.Arbitrary<Uint8Array>}
 */
export function damagedText(text, marks) {
  const insertion = fc.record({
    at: fc.nat({ max: text.length }),
    lost: fc.nat({ max: 8 }),
    put: fc.oneof(fc.constantFrom(...marks), strings),
  });
  const changed = fc
    .array(insertion, { minLength: 1, maxLength: 5 })
    .map((list) => list.reduce((now, { at, lost, put }) => now.slice(0, at) + put + now.slice(at + lost), text));
  return fc.oneof({ weight: 4, arbitrary: changed.map(encode) }, { weight: 1, arbitrary: damagedBytes(encode(text)) });
}

/**
 * Bytes of a safetensors file: its header's JSON, its data or its lengths are damaged.
 * @param {Uint8Array} file a valid one
 * @returns {fc.Arbitrary<Uint8Array>}
 */
export function damagedSafetensors(file) {
  const { header, data } = splitSafetensors(file);
  const withHeader = damagedJson(header).map((json) => joinSafetensors(encode(json), data));
  const resized = fc
    .record({
      name: fc.constantFrom(...Object.keys(header)),
      shape: fc.array(fc.nat({ max: 40 }), { maxLength: 3 }),
      dtype: fc.constantFrom('F32', 'F16', 'BF16', 'I8', 'F8_E4M3', 'x'),
    })
    .map(({ name, shape, dtype }) => resize(header, data, name, shape, dtype));
  const values = fc
    .tuple(fc.nat({ max: Math.max(data.length - 4, 0) }), fc.constantFrom(NaN, Infinity, 3e38, -3e38, 1e-45))
    .map(([at, value]) => {
      const changed = data.slice();
      if (changed.length >= 4) new DataView(changed.buffer).setFloat32(at - (at % 4), value, true);
      return joinSafetensors(encode(JSON.stringify(header)), changed);
    });
  return fc.oneof(
    { weight: 3, arbitrary: withHeader },
    { weight: 2, arbitrary: resized },
    { weight: 1, arbitrary: values },
    { weight: 1, arbitrary: damagedBytes(file) },
  );
}

/** @param {Uint8Array} file @returns {{ header: Record<string, any>, data: Uint8Array }} */
export function splitSafetensors(file) {
  const view = new DataView(file.buffer, file.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  return { header, data: new Uint8Array(file.subarray(8 + length)) };
}

/** @param {Uint8Array} header its JSON @param {Uint8Array} data @returns {Uint8Array} */
export function joinSafetensors(header, data) {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return join(length, header, data);
}

/** A file that is valid but for one tensor's shape or type. */
function resize(header, data, resizedName, shape, dtype) {
  const sizes = { F32: 4, F16: 2, BF16: 2, I8: 1 };
  const parts = [];
  let end = 0;
  const entries = Object.entries(header).map(([name, entry]) => {
    if (name === '__metadata__') return [name, entry];
    const [from, to] = entry.data_offsets;
    const size = name === resizedName ? shape.reduce((product, n) => product * n, sizes[dtype] ?? 1) : to - from;
    const part = new Uint8Array(size);
    part.set(data.subarray(from, Math.min(to, from + size)));
    parts.push(part);
    const offsets = [end, (end += size)];
    return [name, { ...entry, ...(name === resizedName && { shape, dtype }), data_offsets: offsets }];
  });
  return joinSafetensors(encode(JSON.stringify(Object.fromEntries(entries))), join(...parts));
}
