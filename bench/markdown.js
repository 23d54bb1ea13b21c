// Tables in Markdown, printed row by row as their numbers come.

/** Prints a row. @param {string[]} cells */
export const printRow = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);

/** Prints a table's first row, and the line below it. @param {string[]} cells */
export function printHead(...cells) {
  printRow(...cells);
  printRow(...cells.map(() => '---'));
}
