from __future__ import annotations

from dataclasses import dataclass

from truscan.fleet.dice import Dice
from truscan.fleet.names import DEPARTMENTS, KINDS_OF_CLIENT, LOCATIONS, REGIONS, ROOT


@dataclass(frozen=True, slots=True)
class Client:
    """A computer of the fleet with what its log rows say of it."""

    name: str
    ip_address: str
    account: str
    group: str
    server: str
    # Laptops travel: their rows come from any location, the others' from the first one.
    is_mobile: bool
    # Second of the hour at which its hourly scan begins.
    scan_phase: int


@dataclass(frozen=True, slots=True)
class Estate:
    groups: list[str]
    locations: tuple[str, ...]
    servers: list[str]
    clients: list[Client]

    def clients_of(self) -> dict[str, int]:
        """How many clients each group has, without those of its sub-groups."""
        counts = dict.fromkeys(self.groups, 0)
        for client in self.clients:
            counts[client.group] += 1
        return counts


def make_estate(seed: int, groups: int, computers: int, root: str = ROOT) -> Estate:
    """A tree of `groups` paths (the root is one of them) and `computers` clients in it.

    Clients of a group stand side by side, so that a run of neighbours is a few groups.
    """
    paths = group_paths(groups, root)
    dice = Dice(seed, "estate")
    # About 12,500 clients a server; 50,000 is what one carries at most (guide p. 62).
    servers = [f"sepm-{n + 1:02d}.example" for n in range(max(1, min(20, computers // 12_500)))]
    homes = [group for group, size in zip(paths, _sizes(dice, paths, computers), strict=True)
             for _ in range(size)]  # fmt: skip
    clients = [_client(dice, n, group, servers) for n, group in enumerate(homes)]
    return Estate(paths, LOCATIONS, servers, clients)


def group_paths(groups: int, root: str) -> list[str]:
    """`groups` paths, parents before their children: regions, departments, kinds of client."""
    regions = [f"{root}\\{name}" for name in REGIONS[: max(1, min(8, groups // 4))]]
    left = groups - 1 - len(regions)
    count = max(1, -(-left // 3)) if left > 0 else 0
    width = len(regions)
    departments = [
        # Each region begins with another department.
        f"{regions[n % width]}\\{_numbered(DEPARTMENTS, n // width + n % width)}"
        for n in range(count)
    ]
    leaves = [
        f"{departments[n % count]}\\{_numbered(KINDS_OF_CLIENT, n // count)}"
        for n in range(left - count)
    ]
    return [root, *regions, *departments, *leaves][:groups]


def _numbered(names: tuple[str, ...], n: int) -> str:
    return names[n % len(names)] + (f" {n // len(names) + 1}" if n >= len(names) else "")


def _sizes(dice: Dice, paths: list[str], computers: int) -> list[int]:
    """Clients a group: few in the upper ones, the lower ones of very different size."""
    ranks = dice.shuffled(range(len(paths)))
    weights = [
        120_000 // (rank + 6) // (8 if path.count("\\") < 2 else 1)
        for rank, path in zip(ranks, paths, strict=True)
    ]
    weights[0] = min(weights[0], 50) if len(paths) > 1 else 1
    total, done, seen, sizes = sum(weights), 0, 0, []
    for weight in weights:
        seen += weight
        upto = computers * seen // total
        sizes.append(upto - done)
        done = upto
    return sizes


def _client(dice: Dice, n: int, group: str, servers: list[str]) -> Client:
    kind = group.rsplit("\\", 1)[-1].split(" ")[0]
    is_mobile = kind == "Laptops" or (kind not in KINDS_OF_CLIENT and dice.hits(40))
    shared = kind in ("Kiosks", "Shared", "Servers")
    return Client(
        name=f"EX-{'LT' if is_mobile else 'PC'}{n:06d}",
        ip_address=f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
        account=f"shared{n // 20:05d}" if shared else f"user{n:06d}",
        group=group,
        server=servers[n % len(servers)],
        is_mobile=is_mobile,
        scan_phase=dice.below(3600),
    )
