/**
 * How many multiplications the core's trainers do between two pauses, about: some milliseconds of work. What they do does not depend on
 * it.
 */
export const TURN = 2 ** 22;
