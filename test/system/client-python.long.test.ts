import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, scratch, useSuite } from './suite.ts';

/** The client in Python as its users have it: a wheel, and the examples of its README, against a running suite. */
const suite = useSuite();
const PACKAGE = resolve(import.meta.dirname, '../../clients/python');

const cryptography = await run('python3', ['-c', 'import cryptography']).then(
  () => true,
  () => false,
);

describe.skipIf(!cryptography)('the client in Python (needs the package cryptography)', () => {
  let folder: string;
  let env: Record<string, string | undefined>;
  beforeAll(async () => {
    folder = await scratch();
    await mkdir(join(folder, 'site'));
    const { stdout } = await run('python3', ['build_wheel.py', folder], { cwd: PACKAGE });
    await run('python3', ['-m', 'zipfile', '-e', join(folder, stdout.trim()), join(folder, 'site')]);
    const { license_key, license_id } = await suite.license(2);
    const borrow = { max_seats: 1, early_return: true };
    await suite.send('PATCH', `/api/v1/licenses/${license_id}`, { borrow }, 'staff');
    await writeFile(join(folder, 'root.pem'), (await suite.send('GET', '/api/v1/root-keys.pem')).text);
    const asked = { license_key, hardware_id: 'file', token_format: 'file' };
    const { license_file } = (await suite.post('/api/v1/licenses/acquire', asked)).body;
    await writeFile(join(folder, 'license.txt'), license_file);
    const { PATH } = process.env;
    env = {
      ...{ PATH, HOME: folder, PYTHONPATH: join(folder, 'site'), COUNTERSIGN_URL: suite.stack.gateway },
      COUNTERSIGN_LICENSE_KEY: license_key,
    };
  });

  const python = async (program: string) => (await run('python3', ['-c', program], { cwd: folder, env })).stdout.trim();
  const example = async (name: string): Promise<string> => {
    const text = await readFile(join(PACKAGE, 'README.md'), 'utf8');
    return new RegExp(`\`\`\`py ${name}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? '';
  };

  test('its wheel holds every module, its types and its record', async () => {
    const names = await python(
      'import glob, os; print(sorted(os.path.relpath(p, "site") for p in glob.glob("site/*/*")))',
    );
    for (const name of ['countersign/__init__.py', 'countersign/py.typed', 'dist-info/RECORD', 'dist-info/METADATA'])
      expect(names).toContain(name);
  });

  test('the examples of its README', async () => {
    expect(await python(await example('first'))).toBe('licensed: professional True');
    expect((await python(await example('asyncio'))).split('\n')).toEqual([
      'held',
      'licensed: professional',
      'released',
    ]);
    expect(await python(await example('verify'))).toBe('professional');
    expect(await python(await example('borrow'))).toBe('borrowed');
  });

  const HOLD = `
import os, sys, countersign
def hold(**options):
    return countersign.hold(os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_LICENSE_KEY"], "default",
                            countersign.root_key(open("root.pem").read()), **options)
`;

  test('a forked child neither gives the seat of its parent back nor keeps it', async () => {
    const program = `${HOLD}
seat = hold()
child = os.fork()
if child == 0:
    seat.release()
    sys.exit(0)
os.waitpid(child, 0)
print(seat.state)
own = hold()
print(own.state, own.license.claims["session_id"] == seat.license.claims["session_id"])
`;
    expect((await python(program)).split('\n')).toEqual(['held', 'held True']);
  });

  test('a forked child has nothing to borrow or return, and many threads borrow one after the other', async () => {
    const program = `${HOLD}
import concurrent.futures, time
seat = hold(hardware_id="borrower")
if os.fork() == 0:
    try:
        seat.borrow(3600)
    except countersign.SeatError as error:
        print(error.code, flush=True)
    os._exit(0)
os.wait()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    ends = list(pool.map(lambda hours: (seat.borrow(hours * 3600), seat.borrowed_until)[1], (1, 2, 3, 4)))
print(seat.state, round((seat.borrowed_until / 1000 - time.time()) / 3600), max(ends) == seat.borrowed_until)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    leaving = [pool.submit(seat.return_borrowed), pool.submit(seat.return_borrowed)]
print(sorted(str(one.exception() and one.exception().code) for one in leaving), seat.state)
`;
    expect((await python(program)).split('\n')).toEqual([
      'not_held',
      'borrowed 4 True',
      "['None', 'not_held'] released",
    ]);
  });

  test('what is called with an event may give the seat back, and must not wait for the thread that it holds up', async () => {
    const program = `${HOLD}
import threading
told, over = [], threading.Event()
def tell(event):
    if event.type == "borrowed":
        try:
            seat.borrow(7200)
        except RuntimeError:
            told.append("not here")
        seat.release()
    if event.type == "released":
        over.set()
seat = hold(hardware_id="listener", on_event=tell)
seat.borrow(3600)
print(over.wait(20), told, seat.state)
hold(hardware_id="listener").return_borrowed()
`;
    expect(await python(program)).toBe("True ['not here'] released");
  });

  test('many threads hold and release at once, and share the seat of the machine', async () => {
    const program = `${HOLD}
import concurrent.futures
def one(_):
    with hold() as seat:
        return seat.license.claims["session_id"]
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    sessions = list(pool.map(one, range(16)))
print(len(sessions), all(sessions))
`;
    expect(await python(program)).toBe('16 True');
  });

  test('an awaited seat that nobody waits for any more is given back', async () => {
    const program = `${HOLD}
import asyncio
async def main():
    task = asyncio.ensure_future(countersign.hold_async(os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_LICENSE_KEY"],
        "default", countersign.root_key(open("root.pem").read()), hardware_id="cancelled")._hold())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
asyncio.run(main())
`;
    expect(await python(program)).toBe('cancelled');
  });

  test('an option that cannot be meant is named', async () => {
    const program = `${HOLD}
for options in ({"wait": -1}, {"hardware_id": ""}, {"on_event": 3}, {"hostname": 3}, {"take_over": 1}, {"process_id": 7}, {"cancel": 1}, {"license_file": ""}):
    try:
        hold(**options)
    except TypeError as error:
        print(str(error).split(":")[0])
`;
    expect((await python(program)).split('\n')).toEqual([
      ...['wait', 'hardware_id', 'on_event', 'hostname', 'take_over', 'process_id', 'cancel', 'license_file'],
    ]);
  });
});
