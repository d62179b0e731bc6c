/**
 * What this tab keeps from page to page. In a frame of another site the browser may let nothing be kept; then a reload
 * begins anew, and nothing else is lost.
 */
export const kept = {
  get: (name: string): string | undefined => attempt(() => sessionStorage.getItem(name)) ?? undefined,
  set: (name: string, value: string): void => void attempt(() => sessionStorage.setItem(name, value)),
  remove: (name: string): void => void attempt(() => sessionStorage.removeItem(name)),
  clear: (): void => void attempt(() => sessionStorage.clear()),
};

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
