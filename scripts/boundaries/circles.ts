import type { Import } from '../sources.ts';

/**
 * Circular imports, type-only imports included: files in a circle can only be understood together.
 * @returns one message for each circle, which names its files in the order of the imports
 */
export function findCircles(imports: readonly Import[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of imports) targets.set(from, (targets.get(from) ?? new Set<string>()).add(to));
  const finished = new Set<string>();
  const circles: string[] = [];

  function visit(file: string, trail: readonly string[]): void {
    const start = trail.indexOf(file);
    if (start >= 0) circles.push(`circular import: ${[...trail.slice(start), file].join(' → ')}`);
    if (start >= 0 || finished.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...trail, file]);
    finished.add(file);
  }

  for (const file of targets.keys()) visit(file, []);
  return circles;
}
