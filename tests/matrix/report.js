export async function writeReport(rows) {
  console.log(rows);
}
