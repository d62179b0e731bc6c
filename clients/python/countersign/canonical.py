"""The canonical bytes that are signed: `json.dumps` with sorted names and no white space, of values without floats."""
import json
from typing import Any, Optional

MAX_DEPTH = 64
_LARGEST = 2**53 - 1


def parse_exactly(text: str) -> Any:
    """None for what is no JSON, and for numbers that are not written as integers: they may have been rounded."""

    def inexact(_: str) -> Any:
        raise ValueError("not an integer as written")

    try:
        return json.loads(text, parse_float=inexact, parse_constant=inexact)
    except (ValueError, RecursionError):
        return None


def canonical_json(value: Any) -> Optional[str]:
    """None for a value that has no canonical form."""
    if not _is_canonical(value, 0):
        return None
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _is_canonical(value: Any, depth: int) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        return abs(value) <= _LARGEST
    if isinstance(value, str):
        return _is_well_formed(value)
    if isinstance(value, (dict, list)):
        if depth >= MAX_DEPTH:
            return False
        items = value if isinstance(value, list) else [*value.keys(), *value.values()]
        return all(_is_canonical(item, depth + 1) for item in items)
    return False


def _is_well_formed(text: str) -> bool:
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False
