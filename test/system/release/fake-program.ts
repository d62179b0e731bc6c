import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program answers to its arguments and, where `-` is one of them, its standard input. */
export type Program = (args: readonly string[], input: string) => Answer;

export interface Programs {
  /** For PATH. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * Programs that ask this process what to answer: a few lines of bash each, since a Node process a call would take a
 * second on a machine that is busy.
 */
export async function installPrograms(programs: Readonly<Record<string, Program>>): Promise<Programs> {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.endsWith('\u0004')) return;
      const [name = '', count = '0', ...rest] = text.slice(0, -1).split('\0');
      const args = rest.slice(0, Number(count));
      const program = programs[name] ?? (() => ({ status: 127, stdout: '', stderr: 'no such program' }));
      const { status, stdout, stderr } = program(args, rest.slice(Number(count)).join('\0'));
      socket.end(`${status}\n${status === 0 ? stdout : stderr}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  for (const name of Object.keys(programs)) {
    const script = `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 70
printf '%s\\0' ${name} "$#" "$@" >&3
for arg in "$@"; do [ "$arg" = - ] && cat >&3; done
printf '\\004' >&3
read -r status <&3
if [ "$status" = 0 ]; then cat <&3; else cat <&3 >&2; fi
exit "$status"
`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
  return {
    folder,
    close() {
      rmSync(folder, { recursive: true });
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
