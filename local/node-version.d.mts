export function nodeProblem(root: string, version?: string): string | undefined;
