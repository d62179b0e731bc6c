import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStartOptions } from '#local/start-options.ts';

const read = (args: string[], env: Record<string, string> = {}) => readStartOptions(args, env, '/project');

describe('the options of npm start', () => {
  test('are all optional', () => {
    const directory = resolve('/project/.local');
    const none = { bundles: undefined, data: undefined, workerCommand: undefined, stripeSecret: undefined };
    expect(read([])).toEqual({ port: 8080, directory, ...none });
  });

  test.each([
    ['an argument', ['--port', '9000'], { PORT: '1' }, 9000],
    ['a variable', [], { PORT: '9000' }, 9000],
    ['what npm makes of an argument that is its own', [], { npm_config_port: '9000', PORT: '1' }, 9000],
    ['an empty variable, which is none', [], { PORT: '' }, 8080],
    ['a blank variable', [], { PORT: ' ' }, 8080],
    ['any free port', [], { PORT: '0' }, 0],
  ])('the port is %s', (_, args, env, port) => {
    expect(read(args, env).port).toBe(port);
  });

  test.each(['http', '-1', '65536', '80.5', '0x50', '1e3'])('%s is no port', (port) => {
    expect(() => read([], { PORT: port })).toThrow(`The port is '${port}'`);
  });

  test('a folder is meant from where npm was called', () => {
    expect(read(['--data', 'kept'], { INIT_CWD: '/somewhere' }).data).toBe(resolve('/somewhere/kept'));
    expect(read([], { npm_config_data: '/kept' }).data).toBe(resolve('/kept'));
  });

  test('the command of the tasks is a JSON array', () => {
    const command = '["python3","task.py"]';
    expect(read([], { WORKER_COMMAND: command }).workerCommand).toBe(command);
    expect(read([], { WORKER_COMMAND: ' ' }).workerCommand).toBeUndefined();
  });

  test.each(['python3 task.py', '[]', '{"a":1}', '["a",1]', '"a"', '[""'])('%s is no command', (text) => {
    expect(() => read([], { WORKER_COMMAND: text })).toThrow('WORKER_COMMAND');
  });

  test.each([[['--data']], [['--prot', '1']], [['extra']]])('%j is refused with what there is', (args) => {
    expect(() => read(args)).toThrow('It takes --port NUMBER and --data FOLDER.');
  });
});
