// JSON as a file.

/**
 * @param {unknown} value
 * @returns {Uint8Array<ArrayBuffer>} UTF-8
 */
export const encodeJson = (value) => new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
