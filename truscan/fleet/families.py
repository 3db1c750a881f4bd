from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from truscan.fleet.dice import Dice, table
from truscan.fleet.names import (
    BAIT,
    COMPANIES,
    LOOKALIKES,
    PRODUCTS,
    REMOTE_CONTROLS,
    SOLD_KEYLOGGERS,
)
from truscan.fleet.program import Kind, Truth

# Most programs are seen in one build, some in up to six: each is a new hash, a new decision.
_BUILDS = table((1, 60), (2, 16), (3, 10), (4, 7), (5, 4), (6, 3))
_FOLDERS = table(
    ("c:\\program files\\{company}\\{product}", 58),
    ("c:\\program files (x86)\\{company}\\{product}", 14),
    ("c:\\users\\{{user}}\\appdata\\local\\{product}", 20),
    ("c:\\tools\\{product}", 5),
    ("d:\\apps\\{company}\\{product}", 3),
)
_HIDING_PLACES = table(
    ("c:\\users\\{{user}}\\appdata\\local\\temp", 45),
    ("c:\\users\\{{user}}\\downloads", 15),
    ("c:\\users\\{{user}}\\appdata\\roaming\\{product}", 15),
    ("c:\\programdata\\{product}", 10),
    ("c:\\windows\\temp", 10),
    ("c:\\users\\public", 5),
)


@dataclass(frozen=True, slots=True)
class Family:
    """A product with its builds, or one piece of malware."""

    kind: Kind
    truth: Truth
    builds: int
    path: str
    application_name: str
    company: str
    signer: str
    runs_as_system: bool


def make_families(dice: Dice, processes: int) -> list[Family]:
    """Families whose builds are `processes` in all, the most frequent family first.

    One process in twenty is malicious, one malicious one in ten a keylogger; one in a hundred is
    a commercial application. None of the most frequent families is malicious.
    """
    bad_count = max(1, processes // 20)
    sold_count = max(1, processes // 100) if processes > 4 else 0
    bad = _take(bad_count, lambda n: _malware(dice, n))
    sold = _take(sold_count, lambda n: _commercial(dice, n))
    good = _take(processes - bad_count - sold_count, lambda n: _ordinary(dice, n))
    ranked = dice.shuffled([*bad, *sold, *good])
    head = ranked[: max(3, len(ranked) // 50)]
    tail = ranked[len(head) :]
    calm = [family for family in head if family.truth is Truth.LEGITIMATE]
    return [*calm, *tail, *(family for family in head if family.truth is Truth.MALICIOUS)]


def _take(processes: int, make: Callable[[int], Family]) -> list[Family]:
    families: list[Family] = []
    left = processes
    while left > 0:
        family = make(left)
        families.append(family)
        left -= family.builds
    return families


def _ordinary(dice: Dice, left: int) -> Family:
    product, company = dice.pick(PRODUCTS), dice.pick(COMPANIES)
    stem = product.lower().replace(" ", "")
    folder = dice.pick(_FOLDERS).format(company=company.split()[0].lower(), product=product.lower())
    # One in eight is home-made: no company, no signature.
    own = dice.hits(12)
    return Family(
        kind=Kind.ORDINARY,
        truth=Truth.LEGITIMATE,
        builds=min(left, dice.pick(_BUILDS)),
        path=f"{folder}\\{stem}.exe",
        application_name="" if own else product,
        company="" if own else company,
        signer="" if own or dice.hits(15) else company,
        runs_as_system="users\\" not in folder and dice.hits(35),
    )


def _commercial(dice: Dice, left: int) -> Family:
    is_logger = dice.hits(20)
    product = dice.pick(SOLD_KEYLOGGERS if is_logger else REMOTE_CONTROLS)
    company = dice.pick(COMPANIES)
    first = company.split()[0].lower()
    stem = product.lower().replace(" ", "")
    return Family(
        kind=Kind.SOLD_KEYLOGGER if is_logger else Kind.REMOTE_CONTROL,
        truth=Truth.LEGITIMATE,
        builds=min(left, dice.between(1, 3)),
        path=f"c:\\program files\\{first}\\{product.lower()}\\{stem}.exe",
        application_name=f"{company.split()[0]} {product}",
        company=company,
        signer=company,
        runs_as_system=not is_logger,
    )


def _malware(dice: Dice, left: int) -> Family:
    mark = f"{dice.below(65536):04x}"
    bait = f"{dice.pick(BAIT)}_{mark}"
    name = f"{dice.pick(LOOKALIKES)}.exe" if dice.hits(35) else f"{bait}.exe"
    folder = dice.pick(_HIDING_PLACES).format(product=bait)
    # Some pretend to come from a company; none is signed.
    return Family(
        kind=Kind.KEYLOGGER if dice.hits(10) else Kind.TROJAN,
        truth=Truth.MALICIOUS,
        builds=min(left, 1 if dice.hits(85) else 2),
        path=f"{folder}\\{name}",
        application_name="",
        company=dice.pick(COMPANIES) if dice.hits(12) else "",
        signer="",
        runs_as_system="users\\" not in folder,
    )
