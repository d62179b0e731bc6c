import { ABSENT, CHANGED, CommandError, type Run } from './command.ts';

/** Small texts in Cloud Storage, changed only when they are as they were read. */
export interface TextObjects {
  /** Undefined when there is none. */
  read(url: string): Promise<string | undefined>;
  /** Of the object as it is now; '0' when there is none. */
  generation(url: string): Promise<string>;
  /** @returns false when the object is another one by now. A lost answer looks like that, too: read again. */
  write(url: string, text: string, ifGeneration: string): Promise<boolean>;
  remove(url: string, ifGeneration: string): Promise<void>;
}

const says = (error: unknown, pattern: RegExp) => error instanceof CommandError && pattern.test(error.output);

/** @param run repeats by itself what failed for no reason of ours */
export function createTextObjects(run: Run): TextObjects {
  const gcloud = (args: readonly string[], input?: string) =>
    run('gcloud', ['storage', ...args], input === undefined ? {} : { input });
  return {
    async read(url) {
      try {
        return await gcloud(['cat', url]);
      } catch (error) {
        if (says(error, ABSENT)) return undefined;
        throw error;
      }
    },
    async generation(url) {
      try {
        return (await gcloud(['objects', 'describe', url, '--format', 'value(generation)'])).trim();
      } catch (error) {
        if (says(error, ABSENT)) return '0';
        throw error;
      }
    },
    async write(url, text, ifGeneration) {
      try {
        await gcloud(['cp', '-', url, `--if-generation-match=${ifGeneration}`], text);
        return true;
      } catch (error) {
        if (says(error, CHANGED)) return false;
        throw error;
      }
    },
    async remove(url, ifGeneration) {
      try {
        await gcloud(['rm', url, `--if-generation-match=${ifGeneration}`]);
      } catch (error) {
        if (!says(error, ABSENT) && !says(error, CHANGED)) throw error;
      }
    },
  };
}
