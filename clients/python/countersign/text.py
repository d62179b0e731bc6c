"""Text as people, mail programs, terminals and files hand it in."""
import base64
import json
import re
import unicodedata
from typing import Optional, Union

#: Default_Ignorable_Code_Point of Unicode, and control characters: they are not seen.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_IGNORABLE}]")
#: White space as the clients of the other languages have it.
_SPACE = re.compile("[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]")
_DASH = re.compile("[\u058a\u05be\u1400\u1806\u2010-\u2015\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010d6e\U00010ead]")
_QUOTES = "\"'`\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f\u301d-\u301f"
_QUOTED = re.compile(f"^[{_QUOTES}](.*)[{_QUOTES}]$", re.S)


def clean_text(text: str) -> str:
    """A short text that names something: compatibility form, nothing invisible, no quotes around it, plain dashes."""
    spaced = _INVISIBLE.sub("", _SPACE.sub(" ", unicodedata.normalize("NFKC", text)))
    seen = "".join(character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf"))
    plain = _DASH.sub("-", re.sub(" +", " ", seen)).strip()
    quoted = _QUOTED.match(plain)
    return quoted.group(1).strip() if quoted and quoted.group(1).strip() else plain


def normalize_license_key(typed: str) -> str:
    """The letters and digits of a licence key as somebody typed, dictated or pasted it, in upper case."""
    upper = unicodedata.normalize("NFKC", typed).upper()
    return "".join(character for character in upper if unicodedata.category(character)[0] in "LN")


def decode_text(data: bytes) -> str:
    """The text of a file as Windows, mail programs and editors write it: UTF-8 or UTF-16, with or without a mark."""
    if data[:2] == b"\xff\xfe" or (len(data) > 1 and data[0] != 0 and data[1] == 0):
        encoding = "utf-16-le"
    elif data[:2] == b"\xfe\xff" or (len(data) > 1 and data[0] == 0 and data[1] != 0):
        encoding = "utf-16-be"
    else:
        encoding = "utf-8"
    text = data.decode(encoding, "replace")
    return re.sub("\r\n?", "\n", text.lstrip("\ufeff"))


def unbase64(text: str, url: bool = False) -> Optional[bytes]:
    """None for anything but the one canonical spelling: decoders let white space and stray bits pass."""
    if not text.isascii():
        return None
    if url and "=" in text:
        return None
    padded = text + "=" * (-len(text) % 4) if url else text
    try:
        data = base64.b64decode(padded, altchars=b"-_" if url else None, validate=True)
    except ValueError:
        return None
    again = base64.urlsafe_b64encode(data).rstrip(b"=") if url else base64.b64encode(data)
    return data if again.decode() == text else None


_TOKEN_START = "eyJ"
_SIGNATURE_LENGTH = 683
_TOKEN_CHARACTER = re.compile(r"[A-Za-z0-9_.=-]")
_BETWEEN = re.compile(rf"[\s{_IGNORABLE}]")
_FILE = re.compile("BEGIN COUNTERSIGN LICENSE[-\u2010-\u2015]*([^\u2010-\u2015-]*)[-\u2010-\u2015]*END COUNTERSIGN LICENSE")


def _readable(text: str) -> str:
    if "\0" in text:
        text = re.sub("[\0\ufffd]", "", text)
    return re.sub("\r\n?", "\n", text.replace("\ufeff", ""))


def _unquote(text: str) -> str:
    unmarked = re.sub(r"(?m)^[ \t]*(?:[>|][ \t]?)+", "", text)
    if not re.search(r"=3D|=\n", unmarked):
        return unmarked
    return re.sub(r"=[ \t]*\n", "", unmarked).replace("=3D", "=")


def extract_license(text: str) -> str:
    """What looks like the licence in a text that people hand on: a JSON object, or a token's three parts."""
    plain = _unquote(_readable(text))
    return _find_token(plain) or _find_object(plain) or plain.strip()


def extract_license_file(text: str) -> Optional[str]:
    """The base64 of a licence file, wherever it stands in a text and however it was wrapped."""
    found = _FILE.search(_unquote(_readable(text)))
    if found is None:
        return None
    inner = re.sub(r"\\[nr]", "", found.group(1))
    encoded = re.sub(rf"[\s={_IGNORABLE}]", "", inner)
    return encoded + "=" * (-len(encoded) % 4)


def _find_token(text: str) -> Optional[str]:
    start = text.find(_TOKEN_START)
    if start < 0 or text.lstrip().startswith("{") or (start > 0 and re.match(r"[\w.-]", text[start - 1])):
        return None
    token, dots = "", 0
    for character in text[start:]:
        complete = dots == 2 and len(token) - token.rfind(".") - 1 >= _SIGNATURE_LENGTH
        if _BETWEEN.match(character):
            if complete:
                break
        elif _TOKEN_CHARACTER.match(character):
            token += character
            dots += character == "."
        else:
            break
    return token.rstrip(".") if dots > 2 else token


def _find_object(text: str) -> Optional[str]:
    start = text.find("{")
    if start < 0:
        return None
    candidate = text[start : _end_of_object(text, start)]
    joined = candidate.replace("\n", "")
    for one in (candidate, joined, re.sub("[\u201c-\u201f]", '"', joined)):
        if _is_json(one):
            return one
    return candidate


def _end_of_object(text: str, start: int) -> int:
    depth, quoted, at = 0, False, start
    while at < len(text):
        character = text[at]
        if quoted and character == "\\":
            at += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted and character == "{":
            depth += 1
        elif not quoted and character == "}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
        return True
    except (ValueError, RecursionError):
        return False


def as_text(data: Union[str, bytes]) -> str:
    return data if isinstance(data, str) else decode_text(data)
