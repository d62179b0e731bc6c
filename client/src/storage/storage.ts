/**
 * Keeps small texts between runs. What is kept is signed, or is checked against what is signed, so changing it gains
 * nothing but a refusal; the exception is fetched keys, for which there are pinned ones.
 */
export interface Storage {
  /** @returns undefined for a name under which nothing is kept */
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
}
