import type { Storage } from './storage.ts';

/** As much of the Web Storage API as is used. */
export interface WebStorageArea {
  getItem(name: string): string | null;
  setItem(name: string, text: string): void;
  removeItem(name: string): void;
}

/** In a browser's localStorage, each name with a prefix of ours. */
export const webStorage = (area: WebStorageArea, prefix = 'countersign:'): Storage => ({
  get: async (name) => area.getItem(prefix + name) ?? undefined,
  set: async (name, text) => area.setItem(prefix + name, text),
  delete: async (name) => area.removeItem(prefix + name),
});
