import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Node options that write memory to disk or expose it to a debugger. */
const REVEALING =
  /^--(heapsnapshot|heap-prof|diagnostic-dir|report-|inspect|abort-on-uncaught-exception|cpu-prof|prof\b)/;

/** @returns the options among them that could expose a payload */
export function memoryDumpOptions(execArgv: readonly string[], nodeOptions = ''): string[] {
  const given = [...execArgv, ...nodeOptions.split(/\s+/)];
  return given.map((option) => option.replaceAll('_', '-')).filter((option) => REVEALING.test(option));
}

/**
 * Ensures that a crash writes no memory to disk: no diagnostic reports, and on Linux no core dump, of this process and
 * its children.
 * @returns false when core dumps are still possible: `prlimit` is missing and the parent process allows them
 */
export function hardenProcess(): boolean {
  if (process.report) {
    process.report.reportOnFatalError = false;
    process.report.reportOnUncaughtException = false;
    process.report.reportOnSignal = false;
  }
  if (process.platform !== 'linux' || coreLimits().every((limit) => limit === '0')) return true;
  // Node has no setrlimit; util-linux has.
  spawnSync('prlimit', ['--pid', String(process.pid), '--core=0:0'], { stdio: 'ignore' });
  return coreLimits()[0] === '0';
}

/** The soft limit, which counts, and the hard one, up to which a process may raise it; in bytes or `unlimited`. */
function coreLimits(): string[] {
  return /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.slice(1) ?? [];
}
