"""Runs a command on a pseudo-terminal, or without one, and does things to it. Prints its status and output as JSON.

on-terminal.py pty|shell|pipe ACTION... -- COMMAND...
wait:TEXT   until the output holds it         keys:HEX    typed on the terminal
kill:NAME   a signal to the command alone     group:NAME  to its process group
all:NAME    to it and everything it started   close       the terminal is closed

A shell gives each command a group of its own; one that stops is reported, and brought to the foreground again.
"""
import json, os, pty, select, signal, subprocess, sys, time

kind, rest = sys.argv[1], sys.argv[2:]
split = rest.index('--')
actions, command = rest[:split], rest[split + 1:]

def stopped(group):
    table = subprocess.run(['ps', '-A', '-o', 'pgid=,stat='], capture_output=True, text=True).stdout
    states = [state for number, state in map(str.split, table.splitlines()) if int(number) == group]
    return all(state[0] in 'TZ' for state in states)

def as_shell(command):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
        limit = time.time() + 2
        while not stopped(job) and time.time() < limit:
            time.sleep(0.05)
        os.write(1, b'[all stopped]' if stopped(job) else b'[stopped alone]')
        os.killpg(job, signal.SIGCONT)

if kind in ('pty', 'shell'):
    pid, fd = pty.fork()
    if pid == 0:
        if kind == 'shell':
            as_shell(command)
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

def child():
    table = subprocess.run(['ps', '-A', '-o', 'pid=,ppid='], capture_output=True, text=True).stdout
    return next(one for one, parent in (map(int, line.split()) for line in table.splitlines()) if parent == pid)

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
        os.kill(pid if kind != 'shell' else child(), getattr(signal, value))
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
