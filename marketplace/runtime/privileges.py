"""Chooses how a server runs without root's rights, changing no permission outside the project."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.layout import PROJECT
from marketplace.runtime.processes import launcher_command

NOBODY = 65534


@dataclass(frozen=True)
class Privilege:
    """How the launcher gives up root's rights: `method` is one of the launcher's, ids are the target's."""

    method: str
    uid: int
    gid: int

    def launcher_options(self) -> list[str]:
        """Return the launcher's options for it."""
        if self.method == "none":
            return []
        return ["--method", self.method, "--uid", str(self.uid), "--gid", str(self.gid)]

    def file_owner(self) -> tuple[int, int]:
        """Return the (uid, gid) that must own the server's files on disk."""
        # Inside a user namespace the process is still the outer user to the file system.
        if self.method in ("none", "namespace"):
            return os.geteuid(), os.getegid()
        return self.uid, self.gid


ORDINARY = Privilege("none", 0, 0)


def target_user(project: Path = PROJECT) -> tuple[int, int]:
    """Return the (uid, gid) to become: the project folder's owner, or nobody when root owns it."""
    status = project.stat()
    return (status.st_uid, status.st_gid) if status.st_uid != 0 else (NOBODY, NOBODY)


def own_tree(folder: Path, owner: tuple[int, int]) -> None:
    """Give a folder of the project and all in it to the owner; do nothing when it has it already."""
    status = folder.stat()
    if (status.st_uid, status.st_gid) == owner:
        return
    for parent, _, files in os.walk(folder):
        for path in [parent, *(os.path.join(parent, name) for name in files)]:
            os.chown(path, *owner, follow_symlinks=False)


def choose(program: Path, folder: Path) -> Privilege:
    """Return the first way in which `program` runs without root's rights and can write `folder`.

    The folder exists and ends up owned by the user that the program will be. Raises ServerFailure when
    nothing works.
    """
    if os.geteuid() != 0:
        return ORDINARY
    uid, gid = target_user()
    reasons = []
    for method in ("setuid", "capability", "namespace"):
        privilege = Privilege(method, uid, gid)
        try:
            own_tree(folder, privilege.file_owner())
        except OSError as error:
            reasons.append(f"{method}: {error.strerror}")
            continue
        options = [*privilege.launcher_options(), "--prove-usable", str(folder)]
        command = launcher_command(options, [str(program), "--version"])
        probe = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60)
        if probe.returncode == 0:
            return privilege
        reasons.append(probe.stderr.strip().split("\n")[-1])
    raise ServerFailure(
        f"{program.name} must not run as root and no way to give up root's rights works here "
        f"({'; '.join(reasons)}): run as an ordinary user that owns this folder"
    )
