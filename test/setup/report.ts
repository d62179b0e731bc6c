import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** The name of the outermost suite that is skipped, or of the test itself: where the reason stands. */
function reasonOf(test: TestCase): string {
  let name = test.name;
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) {
    if (parent.options.mode === 'skip') name = parent.name;
  }
  return name;
}

/** Prints what was not run, by name and counted, since a skipped test proves nothing, and what passed at the second try. */
export default class Report implements Reporter {
  private filtered = false;

  onInit(vitest: Vitest): void {
    this.filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    reportSecondTries(modules);
    if (!this.filtered) reportSkipped(modules); // else most are left out because they were not asked for
  }
}

function reportSkipped(modules: readonly TestModule[]): void {
  const counts = new Map<string, number>();
  for (const testModule of modules) {
    for (const test of testModule.children.allTests('skipped')) {
      const line = `${testModule.relativeModuleId}: ${reasonOf(test)}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const lines = [...counts].map(([line, count]) => `  ${count} × ${line}\n`);
  process.stdout.write(total === 0 ? '\nskipped: nothing\n' : `\nskipped: ${total} tests\n${lines.join('')}`);
}

function reportSecondTries(modules: readonly TestModule[]): void {
  for (const testModule of modules) {
    for (const test of testModule.children.allTests('passed')) {
      if (!test.diagnostic()?.flaky) continue;
      const result = test.result();
      const why = (result.errors ?? []).map(({ message }) => message.split('\n')[0]).join('; ');
      process.stdout.write(`\npassed at the second try: ${testModule.relativeModuleId}: ${test.fullName}: ${why}\n`);
    }
  }
}
