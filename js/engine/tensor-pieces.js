// A tensor of a model in the core, read or written piece by piece, so that no second whole one is in memory.
import { DTYPE, STATUS } from '../core/abi.js';

/** A model, and the instance of the core that it is in. @typedef {{ core: import('../core/instance.js').Core, model: number }} CoreModel */

/** Memory of its core for a piece of so many bytes: an address. @typedef {(bytes: number) => number} Room */

/** Rows begin .. end - 1 of a tensor. @typedef {{ begin: number, end: number, values: Float32Array }} Piece `values`: [end - begin][columns] */

/** Bytes of a piece by default. */
export const PIECE_BYTES = 2 ** 18;

/** Scratch memory, which is to be asked for anew for each piece. @param {CoreModel} of @returns {Room} */
export const scratchOf =
  ({ core }) =>
  (bytes) =>
    core.scratch(bytes);

/**
 * The numbers of a tensor in f32, of an int8 model what its 8 bits stand for.
 * @param {CoreModel} of
 * @param {number} tensor the core's number for it
 * @param {Room} [room] default: scratch memory
 * @param {number} [most] bytes of a piece, which has one row at least
 * @returns {Generator<Piece, void>} `values` are views, valid until the next piece, or until the room is used for anything else
 */
export function* piecesOf(of, tensor, room = scratchOf(of), most = PIECE_BYTES) {
  const { core, model } = of;
  const [rows, columns] = [core.fn.tensor_rows(model, tensor), core.fn.tensor_columns(model, tensor)];
  const step = Math.max(1, Math.floor(most / (4 * columns)));
  for (let begin = 0; begin < rows; begin += step) {
    const end = Math.min(begin + step, rows);
    const count = (end - begin) * columns;
    const address = room(4 * count);
    core.fn.tensor_read(model, tensor, begin, end, address);
    yield { begin, end, values: core.floats(address, count) };
  }
}

/**
 * Gives a tensor other numbers, all of them.
 * @param {CoreModel} to
 * @param {number} tensor the core's number for it
 * @param {Iterable<Pick<Piece, 'values'>>} pieces
 * @param {Room} [room] default: scratch memory
 */
export function writePieces(to, tensor, pieces, room = scratchOf(to)) {
  const { core, model } = to;
  core.fn.tensor_begin(model, tensor, DTYPE.F32);
  for (const { values } of pieces) {
    const address = room(values.byteLength);
    core.floats(address, values.length).set(values);
    const status = core.fn.tensor_write(model, address, values.byteLength);
    if (status !== STATUS.OK) throw new Error(`bertlet_tensor_write: ${status}`);
  }
}
