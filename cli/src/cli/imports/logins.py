"""Sign-in names made from people's names: ASCII, readable, no two alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60
NAMELESS = "user"

_LATIN = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh",
        "з": "z", "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
        "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
        "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u", "ß": "ss", "ø": "o",
        "ł": "l", "đ": "d", "æ": "ae",
    }
)  # fmt: skip


def login_of(name: str) -> str:
    """The login that `name` suggests: `anna.snelling`, `yuliya.shchukina`."""
    latin = unicodedata.normalize("NFC", name).lower().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    return ".".join(words)[:LONGEST].strip(".") or NAMELESS


class Logins:
    """The logins of one tenant, those taken already and those given out here."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {login.casefold() for login in taken}

    def give(self, name: str) -> str:
        """A login for `name` that nobody has: a namesake gets a number behind it."""
        wished = login_of(name)
        login, number = wished, 1
        while login in self._taken:
            number += 1
            login = f"{wished}{number}"
        self._taken.add(login)
        return login
