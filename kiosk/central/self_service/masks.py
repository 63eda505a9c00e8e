"""What of a person's data a screen in a hall may show: enough to know it again, too little to learn it."""

from datetime import date

from kiosk.central.members import greeting_of

HIDDEN = "****"


def name_shown(name: str) -> str:
    """Return a name as the gates greet by it; of one in a single word, which they show whole, the first character."""
    shown, whole = greeting_of(name), " ".join(name.split())
    return shown if shown != whole else f"{whole[:1]}**" if whole else ""


def phone_shown(phone: str) -> str:
    """Return three digits and the last four of a long number, of a short one the last two."""
    return f"{phone[:3]}{HIDDEN}{phone[-4:]}" if len(phone) >= 11 else f"{HIDDEN}{phone[-2:]}" if phone else ""


def email_shown(address: str) -> str:
    """Return the first character and where the address is."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else HIDDEN if address else ""


def address_shown(address: str) -> str:
    """Return the first third of an address, six characters at most."""
    return f"{address[: min(len(address) // 3, 6)]}{HIDDEN}" if address else ""


def birth_shown(born: date | None) -> str:
    """Return month and day."""
    return f"{HIDDEN}-{born:%m-%d}" if born else ""
