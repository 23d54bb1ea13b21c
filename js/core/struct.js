// Writes structs into the core's memory.

/**
 * Writes a struct whose fields have 4 bytes each.
 * @template {string} Field
 * @param {import('./instance.js').Core} core
 * @param {number} address
 * @param {Record<Field, string>} types of the fields, in their order: 'float' or that of a 32-bit integer, see abi.js
 * @param {Record<Field, number>} values
 */
export function writeStruct(core, address, types, values) {
  const fields = /** @type {Field[]} */ (Object.keys(types));
  const view = new DataView(core.memory.buffer, address, 4 * fields.length);
  fields.forEach((field, i) => {
    if (types[field] === 'float') view.setFloat32(4 * i, values[field], true);
    else view.setInt32(4 * i, values[field], true);
  });
}
