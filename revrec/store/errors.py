"""What can be wrong with a database or a key file, in plain words."""

from __future__ import annotations

from revrec.core.errors import RevrecError


class StoreError(RevrecError):
    """The database cannot be used as it is."""


class DatabaseMissing(StoreError):
    """No database stands where the workspace names one."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}: there is no database here. `revrec init` makes one; a backup can be copied to this place.")


class DatabaseNewer(StoreError):
    """The database was written by a later release."""

    def __init__(self, where: str, found: str, known: str) -> None:
        super().__init__(
            f"{where}: the database has version {found}, this program knows versions up to {known}. "
            "Install the newer revrec; nothing was read or changed.",
        )


class DatabaseOlder(StoreError):
    """The database was written by an earlier release and was not upgraded yet."""

    def __init__(self, where: str, found: str, known: str) -> None:
        super().__init__(
            f"{where}: the database has version {found}, this program needs {known}. Make a backup, then run `revrec upgrade`.",
        )


class DatabaseForeign(StoreError):
    """The file is no database of revrec."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"{where}: this is no database of revrec ({why}). "
            "Put it back from a backup, or name the right one in revrec.toml, `database`.",
        )


class DatabaseDamaged(StoreError):
    """A value of the database cannot be read: it was changed by something else than revrec, or the disk is failing."""

    def __init__(self, where: str, place: str, value: object) -> None:
        super().__init__(
            f"{where}: {place} cannot be read: it holds {str(value)[:40]!r}. "
            "Restore the database from a backup; `revrec verify` says what else is wrong.",
        )
        self.place = place
        self.value = value


class DatabaseMalformed(StoreError):
    """The file is damaged or cut short."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: the database is damaged or cut short ({why}). Put it back from a backup.")


class DatabaseUnopened(StoreError):
    """The file, or one beside it, may not be read."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"{where}: the database cannot be opened ({why}). "
            "Check who may read the file, those beside it (-wal, -shm) and the folder.",
        )


class DatabaseReadOnly(StoreError):
    """Something was to be written where nothing may be."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where}: the folder or the database is read-only for you: nothing was booked or changed. "
            "Run the command as the user whose books these are, or copy the whole folder to a place where you may write.",
        )


class DatabaseUnsettled(StoreError):
    """The last changes stand in the -wal file alone, which only somebody who may write can take over."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where}: a command was cut short here, its last changes stand in the file {where}-wal beside it, "
            "and the folder is read-only. Run `revrec verify` once where the folder can be written: "
            "as its owner, or in a copy of the whole folder.",
        )


class DatabaseBusy(StoreError):
    """Another process holds the books."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}: another command is writing these books. Wait until it has ended, then try again.")


class DatabaseFailed(StoreError):
    """The disk or the database refused to write; the transaction was rolled back."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"{where}: the database could not be written ({why}). Nothing was booked. "
            "Free space or mend the disk, then try again.",
        )


class DatabaseUnsupported(StoreError):
    """The URL names a kind of database that this release does not open."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"revrec.toml, database = {url!r}: this release keeps its books in SQLite only; PostgreSQL comes with the service. "
            'Use "sqlite:///revrec.db".',
        )


class TaxpayerUnknown(StoreError):
    """The database holds the books of somebody else."""

    def __init__(self, where: str, taxpayer: str, known: list[str]) -> None:
        super().__init__(
            f"{where}: the database holds no books of {taxpayer}, only of {', '.join(known) or 'nobody'}. "
            "Check `id` in revrec.toml and the database that it names.",
        )


class KeyMissing(StoreError):
    """Personal data cannot be sealed or read without the key that wraps the customers' keys."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"{where}: personal data needs the key of this workspace ({why}). "
            "Put revrec.key back from your backup, or set REVREC_KEY.",
        )


class KeyBroken(StoreError):
    """The key at hand is not the one that wrapped the customers' keys, or is no key at all."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}. Put the revrec.key of this workspace back from your backup.")


def translated(text: str, where: str) -> StoreError:
    """What the words of a database mean to the person who typed the command."""
    if "locked" in text or "busy" in text:
        return DatabaseBusy(where)
    if "readonly" in text:
        return DatabaseReadOnly(where)
    if "unable to open" in text:
        return DatabaseUnopened(where, text)
    if "malformed" in text:
        return DatabaseMalformed(where, text)
    if "not a database" in text or "no such table" in text:
        return DatabaseForeign(where, text)
    return DatabaseFailed(where, text)
