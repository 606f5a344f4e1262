"""Becomes another program after arranging how it may run and when it dies.

Run by file path with `python -I -S`, so it stands on the standard library alone. Where asked, it drops root's
rights, ties the program's life to its parent's, stands back for other programs (nice), proves that a folder
can be written; then it replaces itself by the program.

Servers such as PostgreSQL refuse to run as root. A plain change of user is enough when that user can reach
the project's folder. Where a parent folder is closed to others, the program keeps exactly one right of
root's, to read and traverse (CAP_DAC_READ_SEARCH), or else runs in a user namespace in which it is somebody
else; no permission outside the project is changed for it.
"""

import argparse
import ctypes
import errno
import os
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWUSER = 0x10000000
AUTOGROUP = "/proc/self/autogroup"
AUTOGROUP_SECONDS = 0.11
AUTOGROUP_ATTEMPTS_MAX = 50


class CapabilityHeader(ctypes.Structure):
    """The kernel's `struct __user_cap_header_struct`."""

    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class CapabilityData(ctypes.Structure):
    """The kernel's `struct __user_cap_data_struct`, 32 capabilities each."""

    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def library() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, call: str) -> None:
    """Raise OSError for a failed C call."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def change_user(uid: int, gid: int) -> None:
    """Become the user in every sense, with no supplementary groups."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def change_user_keeping_search(uid: int, gid: int) -> None:
    """Become the user, keeping only the right to read and traverse, also across exec."""
    libc = library()
    # Without this bit access(2), by which `initdb` looks for `postgres`, would ignore the right that is kept.
    checked(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "prctl")
    change_user(uid, gid)
    bit = 1 << CAP_DAC_READ_SEARCH
    header = CapabilityHeader(CAPABILITY_VERSION_3, 0)
    data = (CapabilityData * 2)(CapabilityData(bit, bit, bit), CapabilityData(0, 0, 0))
    checked(libc.capset(ctypes.byref(header), ctypes.byref(data)), "capset")
    checked(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0), "prctl")


def enter_user_namespace(uid: int, gid: int) -> None:
    """Enter a user namespace in which the present user appears as `uid`; rights outside do not change."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    checked(library().unshare(CLONE_NEWUSER), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "wb", buffering=0) as stream:
            stream.write(text.encode())


def tie_to_parent(signal_number: int, parent: int) -> None:
    """Have the kernel send the signal when the parent dies, however it dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    checked(library().prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        raise SystemExit("the parent died before its child started")


def stand_back(niceness: int) -> None:
    """Give way to other programs: to all, where Linux shares its cores out by session (autogroup) first.

    There niceness weighs only within a session, and a leader of one has its session stand back too. The kernel lets
    ordinary users change that once in a tenth of a second.
    """
    os.nice(niceness)
    if os.getsid(0) != os.getpid() or not os.path.exists(AUTOGROUP):
        return
    for _ in range(AUTOGROUP_ATTEMPTS_MAX):
        descriptor = os.open(AUTOGROUP, os.O_WRONLY)
        try:
            os.write(descriptor, str(niceness).encode())
            return
        except BlockingIOError:
            time.sleep(AUTOGROUP_SECONDS)
        finally:
            os.close(descriptor)
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), AUTOGROUP)


def prove_usable(program: str, folder: str) -> None:
    """Raise OSError unless the program can be found and run, and a file made and removed in the folder."""
    if not os.access(program, os.R_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), program)
    path = os.path.join(folder, ".probe")
    # Not open(): its codec would be imported, from an interpreter that this user may not be able to read.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    os.unlink(path)


def main(arguments: list[str]) -> None:
    """Parse the options before `--` and become the program after it."""
    parser = argparse.ArgumentParser(prog="launcher")
    parser.add_argument("--method", choices=["none", "setuid", "capability", "namespace"], default="none")
    parser.add_argument("--uid", type=int, default=0)
    parser.add_argument("--gid", type=int, default=0)
    parser.add_argument("--death-signal", type=int, default=0)
    parser.add_argument("--parent", type=int, default=0)
    parser.add_argument("--niceness", type=int, default=0)
    parser.add_argument("--prove-usable", default="")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args(arguments)
    drops = {
        "setuid": change_user,
        "capability": change_user_keeping_search,
        "namespace": enter_user_namespace,
    }
    try:
        # Before the change of user, which takes the right to write this process's own settings.
        if options.niceness:
            stand_back(options.niceness)
        if options.method in drops:
            drops[options.method](options.uid, options.gid)
        # After the change of user: the kernel forgets a death signal when credentials change.
        if options.death_signal:
            tie_to_parent(options.death_signal, options.parent)
        if options.prove_usable:
            prove_usable(options.program[0], options.prove_usable)
        os.execv(options.program[0], options.program)
    except OSError as error:
        raise SystemExit(f"launcher: {options.method}: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
