"""Invented words. Nothing here names a person, a company or a product that exists."""

from __future__ import annotations

DEMO_DOMAIN = "Demo (synthetic)"
ROOT = "My Company"

REGIONS = ("North", "South", "East", "West", "Coast", "Lakes", "Hills", "Islands")
DEPARTMENTS = (
    "Sales", "Finance", "Warehouse", "Engineering", "Laboratory", "Support", "Human Resources",
    "Purchasing", "Legal", "Marketing", "Production", "Logistics", "Quality", "Training",
    "Reception", "Archive", "Workshop", "Research", "Field Service", "Call Centre",
)  # fmt: skip
KINDS_OF_CLIENT = ("Laptops", "Desktops", "Servers", "Kiosks", "Shared")
LOCATIONS = ("Office", "VPN", "Outside")

_FIRST = (
    "Contoso", "Fabrikam", "Litware", "Proseware", "Tailspin", "Wingtip", "Woodgrove", "Northwind",
    "Alderbrook", "Brindlewick", "Copperleaf", "Dunmarrow", "Elmstead", "Fernhollow", "Gorsefield",
    "Hazelmere", "Inkwater", "Juniperton", "Kestrelby", "Larchmoor", "Mapleforth", "Nettlecombe",
    "Oakshade", "Pinewhistle", "Quillford", "Rowanstead", "Saltmarsh", "Thistledown", "Umberly",
    "Vetchling", "Willowrake", "Yarrowdale",
)  # fmt: skip
_SECOND = (
    "Software", "Systems, Inc.", "Tools, LLC", "Labs", "Works Ltd.", "Group, LLC",
    "Data GmbH", "Instruments",
)  # fmt: skip
COMPANIES = tuple(f"{first} {second}" for second in _SECOND for first in _FIRST)

_SUBJECTS = (
    "Ledger", "Badge", "Invoice", "Pallet", "Tide", "Beacon", "Harbor", "Quartz", "Meadow",
    "Signal", "Compass", "Lantern", "Ribbon", "Anchor", "Prism", "Canvas", "Orchard", "Saddle",
    "Timber", "Cobalt", "Ferry", "Gravel", "Hearth", "Ivory", "Jasper", "Kettle", "Loom", "Marble",
    "Nickel", "Opal", "Pewter", "Quiver", "Rudder", "Spindle", "Trellis", "Velvet", "Walnut",
    "Zephyr", "Acorn", "Bramble",
)  # fmt: skip
_TASKS = (
    "Sync", "Printer", "Agent", "Viewer", "Updater", "Scheduler", "Planner", "Capture", "Bridge",
    "Reader", "Launcher", "Monitor", "Backup", "Editor", "Client", "Gateway", "Helper", "Tracker",
    "Recorder", "Meter", "Console", "Reporter", "Scanner", "Indexer", "Builder", "Courier",
    "Keeper", "Mapper", "Packer", "Tuner",
)  # fmt: skip
PRODUCTS = tuple(f"{subject} {task}" for task in _TASKS for subject in _SUBJECTS)

REMOTE_CONTROLS = ("Remote Hand", "Desk Bridge", "Screen Share Pro", "Far Console", "Help Link")
SOLD_KEYLOGGERS = ("Typing Record", "Key Diary", "Family Watch", "Key Audit")
BAIT = ("invoice", "parcel", "voucher", "update", "codec", "photo", "statement", "prize", "scan")
LOOKALIKES = ("svch0st", "expl0rer", "lsasss", "winl0gin", "csrsss", "spo0lsv", "taskh0st")
