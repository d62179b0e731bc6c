import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Adapter, startAdapter } from './adapter.ts';
import type { Language } from './languages.ts';
import { OPTIONS, type Stage } from './scenarios/scenario.ts';
import { startServer } from './server.ts';
import type { Keys } from './signing.ts';

/** A stage on which a program may be written in any language, that of the stage unless another one is named. */
export interface MixedStage extends Stage {
  program(language?: Language): Promise<Adapter>;
}

/** Plays on a stage of its own, and leaves no process and no folder behind. */
export async function withStage(
  keys: Keys,
  language: Language,
  play: (stage: MixedStage) => Promise<void>,
): Promise<void> {
  const server = await startServer(keys);
  const storage = await mkdtemp(join(tmpdir(), 'countersign-client-'));
  const programs: Adapter[] = [];
  try {
    await play({
      server,
      storage,
      async program(of = language) {
        const one = await startAdapter(of);
        programs.push(one);
        return one;
      },
      hold: (program, options = {}) =>
        program.ask({
          do: 'hold',
          options: { url: server.url, root: keys.root.pem, storage, ...OPTIONS, ...options },
        }),
    });
  } finally {
    for (const one of programs) await one.end('SIGKILL');
    await server.close();
    await rm(storage, { recursive: true, force: true });
  }
}
