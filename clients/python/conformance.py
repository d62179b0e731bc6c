"""The adapter of the client in Python (clients/conformance/README.md)."""
import base64
import json
import queue
import sys
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

import countersign
from countersign.clock import ClockSource, TrustedClock
from countersign.hardware import hardware_id, hashed_hardware_id
from countersign.hold import hold_with
from countersign.canonical import canonical_json
from countersign.keys import KeyName, KeysUnavailable, PinnedKeys, check_signature, read_keys
from countersign.license import verify
from countersign.root import RootKey
from countersign.options import read_options
from countersign.storage import MemoryStorage
from countersign.text import normalize_license_key
from countersign.times import parse_time

HOUR = 3_600_000
BROKEN = sys.argv[-1] if "--broken" in sys.argv else None
_writing = threading.Lock()


def say(message):
    with _writing:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


class ShiftedClock(ClockSource):
    offset = 0.0

    def now(self):
        return time.time() * 1000 + self.offset


SOURCE = ShiftedClock()


def any_form(key, message, signature):
    """As a library does that takes the form of a signature from elsewhere."""
    if check_signature(key, message, signature):
        return True
    try:
        form = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
        key.public.verify(signature, message, form, hashes.SHA256())
        return True
    except InvalidSignature:
        return False


CHECK = any_form if BROKEN == "signature" else check_signature


def tell(event):
    more = {name: getattr(event, name) for name in ("code", "reason") if getattr(event, name) is not None}
    if event.type == "released":
        more.update(confirmed=event.confirmed, still_held=event.still_held)
    if event.type == "queued":
        more.update(position=event.position, queue_length=event.queue_length)
    if event.type == "borrowed":
        more.update(borrowed_until_ms=event.borrowed_until)
    say({"event": {"type": event.type, **more}})


def overlook(text):
    """As a client does that overlooks what a borrowed copy says of itself: it judges other claims than were signed."""
    if BROKEN not in ("mode", "borrowed_until") or not text.startswith('{"kind":"seat","mode":"borrowed"'):
        return text, CHECK
    claims = json.loads(text)
    signature = claims.pop("signature")
    signed = canonical_json(claims).encode()
    seen = {"mode": None} if BROKEN == "mode" else {"borrowed_until": claims["valid_until"]}
    seen = {name: value for name, value in {**claims, **seen, "signature": signature}.items() if name != "mode" or value}
    return json.dumps(seen), lambda key, _message, given: check_signature(key, signed, given)


def failed(error):
    found = {"reason": error.reason, "max_seconds": error.max_seconds, "borrowed_until_ms": error.borrowed_until}
    return {"ok": False, "code": error.code, **{name: value for name, value in found.items() if value is not None}}


def signed_out():
    raise RuntimeError("signed out")


def user_tokens(token, once):
    """With `once` the user is asked again, and never answers."""
    given = []

    def user_token():
        if once and given:
            threading.Event().wait()
        given.append(token)
        return token or signed_out()

    return user_token


class Adapter:
    seat = None

    def __init__(self):
        self.cancel = threading.Event()

    def hold(self, command):
        given = command["options"]
        seconds = {name: given[f"{name}_ms"] / 1000 for name in ("wait", "patience", "timeout") if f"{name}_ms" in given}
        names = ("hardware_id", "application", "process_id", "take_over")
        texts = {name: given[name] for name in names if name in given}
        root = countersign.root_key(given["root"])
        source = {name: given[name] for name in ("url", "license_key")}
        if "license_file" in given:
            source = {"license_file": given["license_file"]}
        if "user_token" in given:
            texts["user_token"] = user_tokens(given["user_token"], given.get("user_token_once", False))
        self.cancel.clear()
        options = read_options(
            **source, product=given["product"], keys=root, storage=given["storage"], on_event=tell,
            cancel=self.cancel, **seconds, **texts,
        )
        options.source = SOURCE
        try:
            self.seat = hold_with(options)
        except countersign.SeatError as error:
            return failed(error)
        return {"ok": True, "state": self.seat.state}

    def release(self, _command):
        self.seat.release()
        return {"ok": True, "state": self.seat.state}

    def _wish(self, work):
        try:
            work()
        except countersign.SeatError as error:
            return failed(error)
        return self._state()

    def borrow(self, command):
        return self._wish(lambda: self.seat.borrow(command.get("seconds")))

    def return_borrowed(self, _command):
        return self._wish(self.seat.return_borrowed)

    def _state(self):
        until = self.seat.borrowed_until
        return {"ok": True, "state": self.seat.state, **({} if until is None else {"borrowed_until_ms": until})}

    def state(self, _command):
        return {**self._state(), "tier": self.seat.license.claims.get("tier")}

    def clock(self, command):
        SOURCE.offset = command["offset_ms"]
        return {"ok": True}

    def hardware_id(self, command):
        application, machine = command["application"], command.get("machine")
        found = hashed_hardware_id(application, machine) if machine else hardware_id(application, MemoryStorage())
        return {"ok": True, "hardware_id": found}

    def license_key(self, command):
        return {"ok": True, "text": normalize_license_key(command["text"])}

    def measure(self, command):
        """The whole check of a licence, beside the bare check of its signature."""
        license, document, count = command["license"], command["document"], command["count"]
        source = RootKey(command["root"], fetch=lambda _path: json.dumps(document))
        claims = json.loads(license)
        signature = base64.b64decode(claims.pop("signature"))
        message = canonical_json(claims).encode()
        (key,) = read_keys(document["list"]["keys"][0])

        def check():
            assert verify(license, source).valid

        def microseconds(work):
            begun = time.perf_counter()
            for _ in range(count):
                work()
            return (time.perf_counter() - begun) * 1e6 / count

        microseconds(check)
        raw = microseconds(lambda: key.public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256()))
        return {"ok": True, "verify_us": microseconds(check), "raw_us": raw}

    def verify(self, command):
        vector, documents = command["vector"], command.get("documents", [])
        wall = parse_time(vector["now"])
        world = {"now": wall - len(documents) * 2 * HOUR, "served": None}

        def fetch(_path):
            if world["served"] is None:
                raise OSError("no network")
            return json.dumps(world["served"])

        def root():
            return RootKey(command["roots"], fetch=fetch, now=lambda: world["now"], check=CHECK)

        source = root() if "roots" in command else PinnedKeys(command["keys"])
        for document in documents:
            world["now"] += 2 * HOUR
            world["served"] = document
            if BROKEN == "sequence":
                source = root()  # a source that remembers nothing takes whatever list it is served
            try:
                source.find(KeyName(key_version="vectors.0"))
            except KeysUnavailable:
                pass
        options = {name: vector[name] for name in ("nonce", "kind", "product", "hardware_id", "features") if name in vector}
        if "clock" in vector:
            clock = TrustedClock(FixedClock(wall))
            if "noted" in vector["clock"] and BROKEN != "clock":
                clock.remember(parse_time(vector["clock"]["noted"]))
            options["clock"] = clock
        else:
            options["now"] = wall
        text = vector["license"] if "license" in vector else base64.b64decode(vector["license_base64"])
        text, check = overlook(text) if isinstance(text, str) else (text, CHECK)
        license = verify(text, source, check=check, **options)
        if not license.valid:
            return {"ok": True, "verdict": license.reason}
        strict = vector.get("start") == "offline" and not license.works_offline
        return {"ok": True, "verdict": "strict" if strict else "valid"}


class FixedClock(ClockSource):
    def __init__(self, wall):
        self._wall = wall

    def now(self):
        return self._wall

    def monotonic(self):
        return 0.0

    def since_boot(self):
        return 0.0


def read(commands, adapter):
    """Beside the main thread, which may wait for a seat, as a program does."""
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "cancel":
            adapter.cancel.set()
            say({"id": command["id"], "ok": True})
        else:
            commands.put(command)
    commands.put({"do": "exit"})


def main():
    adapter, commands = Adapter(), queue.Queue()
    threading.Thread(target=read, args=(commands, adapter), daemon=True).start()
    while True:
        command = commands.get()
        if command["do"] == "exit":
            return
        say({"id": command["id"], **getattr(adapter, command["do"])(command)})


if __name__ == "__main__":
    main()
