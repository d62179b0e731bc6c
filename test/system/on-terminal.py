"""Runs a command on a pseudo-terminal, or without one, and does things to it. Prints its status and output as JSON.

on-terminal.py pty|pipe ACTION... -- COMMAND...
wait:TEXT   until the output holds it         keys:HEX    typed on the terminal
kill:NAME   a signal to the command alone     group:NAME  to its process group
all:NAME    to it and everything it started   close       the terminal is closed
"""
import json, os, pty, select, signal, subprocess, sys, time

kind, rest = sys.argv[1], sys.argv[2:]
split = rest.index('--')
actions, command = rest[:split], rest[split + 1:]

if kind == 'pty':
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
else:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.execvp(command[0], command)
    os.close(writer)
    fd = reader

out, open_fd = b'', True

def pump(seconds):
    global out, open_fd
    end = time.time() + seconds
    while (left := end - time.time()) > 0:
        if not open_fd:
            time.sleep(left)
            return
        if not select.select([fd], [], [], left)[0]:
            return
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b''
        if not data:
            open_fd = False
        out += data

def family():
    table = subprocess.run(['ps', '-A', '-o', 'pid=,ppid='], capture_output=True, text=True).stdout
    found = {pid}
    pairs = [tuple(map(int, line.split())) for line in table.splitlines()]
    for _ in range(8):
        found |= {one for one, parent in pairs if parent in found}
    return found

for action in actions:
    name, _, value = action.partition(':')
    if name == 'wait':
        limit = time.time() + 40
        while value.encode() not in out and time.time() < limit and open_fd:
            pump(0.05)
        pump(0.3)
    elif name == 'keys':
        os.write(fd, bytes.fromhex(value))
    elif name == 'kill':
        os.kill(pid, getattr(signal, value))
    elif name == 'group':
        os.killpg(pid, getattr(signal, value))
    elif name == 'all':
        for one in family():
            try:
                os.kill(one, getattr(signal, value))
            except ProcessLookupError:
                pass
    elif name == 'close':
        os.close(fd)
        open_fd = False

limit = time.time() + 40
while True:
    pump(0.05)
    done, status = os.waitpid(pid, os.WNOHANG)
    if done or time.time() > limit:
        break
if not done:
    os.kill(pid, signal.SIGKILL)
print(json.dumps({'status': os.waitstatus_to_exitcode(status) if done else None, 'output': out.decode(errors='replace')}))
