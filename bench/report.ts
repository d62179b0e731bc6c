import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

/** The page that `npm run bench NAME -- --write` writes to: run.ts sets BENCH_WRITE. */
const PAGE = join(import.meta.dirname, '../docs/benchmarks.md');
const IMAGES = join(import.meta.dirname, '../docs/images');

export type ReportRow = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Target {
  readonly target: string;
  /** In words or as a number; `-` for what could not be measured here. */
  readonly measured: string | number;
  readonly met: 'yes' | 'no' | 'not measured';
}

/** What a benchmark prints, and writes to docs/benchmarks.md when it was asked to. */
export interface Report {
  /** A table with a sentence that says what it shows. */
  table(caption: string, rows: readonly ReportRow[]): void;
  /** An SVG document for docs/images/, shown where it stands between the tables. */
  picture(description: string, file: string, svg: string): void;
  /** The last table. A target that was measured and missed makes the process end with 1, whatever else it does. */
  targets(rows: readonly Target[]): void;
  /** Call it once, at the end: the page gets all tables of this run or none. */
  finish(): void;
}

/** @param name of the benchmark, whose section on the page is between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` */
export function createReport(name: string): Report {
  const sections: string[] = [];
  const pictures = new Map<string, string>();
  const loadBefore = loadavg()[0] ?? 0;
  function table(caption: string, rows: readonly ReportRow[]): void {
    console.log(caption);
    console.table(rows);
    sections.push(`${caption}:\n\n${markdown(rows)}`);
  }
  return {
    table,
    picture(description, file, svg) {
      pictures.set(file, svg);
      sections.push(`![${description}](images/${file})\n`);
    },
    targets(rows) {
      table(
        'Targets',
        rows.map(({ target, measured, met }) => ({ target, measured, met })),
      );
      if (rows.some(({ met }) => met === 'no')) process.exitCode = 1;
    },
    finish() {
      if (process.env['BENCH_WRITE'] === undefined) return;
      const text = [`${circumstances(name, loadBefore)}\n`, ...sections].join('\n');
      for (const [file, svg] of pictures) writeFileSync(join(IMAGES, file), svg);
      writeFileSync(PAGE, replaceSection(readFileSync(PAGE, 'utf8'), name, text));
      console.log('written to docs/benchmarks.md');
    },
  };
}

/** The load says whether the machine was busy with other work when the run began. */
function circumstances(name: string, load: number): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory} GiB`;
  const day = new Date().toISOString().slice(0, 10);
  const command = ['npm run bench', name, ...process.argv.slice(2)].join(' ');
  return `\`${command}\`, ${day}, Node ${process.versions.node}, ${machine}, load ${load.toFixed(1)} when it began.`;
}

/** A Markdown table of the rows' members, in the first row's order; undefined is an empty cell. */
function markdown(rows: readonly ReportRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const cell = (value: ReportRow[string]) =>
    typeof value === 'number' ? value.toLocaleString('en-GB') : String(value ?? '').replaceAll('|', '\\|');
  return (
    line(names) +
    line(names.map((name) => (rows.every((row) => typeof row[name] !== 'string') ? '---:' : '---'))) +
    rows.map((row) => line(names.map((name) => cell(row[name])))).join('')
  );
}

/** @throws Error when the page has no such section */
function replaceSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no section ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n${page.slice(to)}`;
}
