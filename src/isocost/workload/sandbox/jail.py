"""The jailer: stands alone (`python -I -S jail.py JOB REPORT VERDICT`, descriptors) and imports nothing of ours.

    launcher ── new namespaces ── init (pid 1: mounts, drops rights, watches the clock) ── program (limits, filter, exec)

Isolation "full": pid, mount, network and IPC namespaces. The init is pid 1 of its namespace: when it ends, the kernel ends
every process in it, whatever it did to hide. The program sees a small tmpfs and, read-only, Python and the system's libraries.
Isolation "limits": no namespaces; descendants are adopted (PR_SET_CHILD_SUBREAPER) and killed until none is left.
Each step that fails is reported and nothing is run: a jail is whole or it is not there.
"""

import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

NEW_FILES, NEW_IPC, NEW_USER, NEW_PIDS, NEW_NET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
ANY_NAMESPACE = 0x7E020080  # every CLONE_NEW* flag that clone() takes
BIND, RECURSIVE, PRIVATE, NOSUID, NODEV, DETACH = 0x1000, 0x4000, 0x40000, 0x2, 0x4, 0x2
MOUNT_SETATTR, AT_RECURSIVE, ATTR_READ_ONLY, ATTR_NOSUID = 442, 0x8000, 0x1, 0x2
SET_DEATH_SIGNAL, SET_DUMPABLE, SET_SECCOMP, SET_SUBREAPER, SET_NO_NEW_PRIVILEGES = 1, 4, 22, 36, 38
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/nix/store", "/dev/null", "/dev/zero", "/dev/urandom")

# Refused system calls: those that open a network, hold memory that no limit counts, reach into other processes, or make
# namespaces. (architecture of struct seccomp_data, clone, clone3, the rest; then those that signal other processes)
MACHINES = {
    "x86_64": (
        0xC000003E,
        56,
        435,
        (41, 29, 64, 68, 240, 319, 447, 425, 101, 310, 311, 272, 308, 321, 298, 323, 248, 249, 250),
        (62, 200, 234, 424, 129, 297),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        435,
        (198, 194, 190, 186, 180, 279, 447, 425, 117, 270, 271, 97, 268, 280, 241, 282, 217, 218, 219),
        (129, 130, 131, 424, 138, 240),
    ),
}

libc = ctypes.CDLL(None, use_errno=True)


def main() -> NoReturn:
    """Reads the job, builds the jail and runs the harness in it."""
    job_fd, report_fd, verdict_fd = map(int, sys.argv[1:4])
    with os.fdopen(os.dup(job_fd)) as file:
        job = json.load(file)
    job |= {"job_fd": job_fd, "report_fd": report_fd, "verdict_fd": verdict_fd, "root": os.geteuid() == 0, "uid": os.geteuid()}
    if job["root"]:
        job["uid"] = (
            1_900_000_000 + os.getpid()
        )  # nobody's: what it may reach and how many it may start is counted for it alone
    try:
        full(job) if job["isolation"] == "full" else limited(job)
    except OSError as error:
        report(job, setup=f"{error.strerror} ({error.filename})" if error.filename else str(error))
    os._exit(1)


def report(job: dict[str, Any], **facts: Any) -> None:
    """Tells the parent; the program never holds this descriptor."""
    os.write(job["report_fd"], json.dumps(facts).encode() + b"\n")


def check(result: int, step: str) -> None:
    """Raises OSError naming the step where a call of libc failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), step)


def full(job: dict[str, Any]) -> None:
    """The launcher of isolation "full": makes the namespaces, becomes the parent of their first process, ends with it."""
    libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    enter_namespaces(job)
    init = os.fork()
    if init == 0:
        libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
        furnish(job)
        if job["root"]:
            drop_root(job["uid"])
            libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)  # changing the user cleared it
        libc.prctl(SET_DUMPABLE, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # for pid 1, default means ignored
        program = start(job)
        watch(job, program)
        os._exit(0)
    os.waitpid(init, 0)
    os._exit(0)


def enter_namespaces(job: dict[str, Any]) -> None:
    """Root makes them itself; a plain user, or a root that may not, becomes the owner of a user namespace first."""
    spaces = NEW_FILES | NEW_IPC | NEW_PIDS | NEW_NET
    if job["root"]:
        if libc.unshare(spaces) == 0:
            return
        drop_root(job["uid"])
        job["root"] = False
        libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
        libc.prctl(SET_DUMPABLE, 1)  # else /proc/self is root's
    uid, gid = os.geteuid(), os.getegid()
    check(libc.unshare(spaces | NEW_USER), "unshare: user namespaces are needed, or root with CAP_SYS_ADMIN")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def furnish(job: dict[str, Any]) -> None:
    """A new root: a tmpfs of the job's size, with Python and the system's libraries in it, read-only."""
    mount(None, "/", None, RECURSIVE | PRIVATE)
    root = "/proc"  # any folder that is sure to be there
    mount("none", root, "tmpfs", NOSUID | NODEV, f"size={job['disk'] << 20},nr_inodes=8192,mode=755")
    (Path(root) / "tmp").mkdir()
    (Path(root) / "tmp").chmod(0o777)
    for path in sorted({*SYSTEM, *job["bind"]}, key=len):
        source, target = Path(path), Path(root + path)
        if not source.exists() or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
            continue
        target.mkdir() if source.is_dir() else target.touch()
        mount(path, str(target), None, BIND | RECURSIVE)
        attributes = struct.pack("QQQQ", ATTR_READ_ONLY | ATTR_NOSUID, 0, 0, 0)
        check(libc.syscall(MOUNT_SETATTR, -100, str(target).encode(), AT_RECURSIVE, attributes, 32), f"mount_setattr {path}")
    os.chdir(root)
    check(libc.pivot_root(b".", b"."), "pivot_root")
    check(libc.umount2(b".", DETACH), "umount")
    os.chdir("/tmp")  # noqa: S108  # the jail's own


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    given = [text.encode() if text is not None else None for text in (source, target, kind)]
    check(libc.mount(*given, ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def drop_root(uid: int) -> None:
    """Becomes a user whom nobody is."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def limited(job: dict[str, Any]) -> None:
    """The launcher of isolation "limits": adopts every descendant, and kills them all at the end or when its parent dies."""
    check(libc.prctl(SET_SUBREAPER, 1, 0, 0, 0), "prctl: subreaper")
    os.chdir(job["folder"])
    if job["root"]:
        os.chown(job["folder"], job["uid"], job["uid"])

    def stop(*_: object) -> NoReturn:
        sweep(job)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    libc.prctl(SET_DEATH_SIGNAL, signal.SIGTERM)
    watch(job, start(job))
    stop()


def sweep(job: dict[str, Any]) -> None:
    """Kills every descendant; as root by the user whom nobody else is, all in one call."""
    if job["root"]:
        killer = os.fork()
        if killer == 0:
            drop_root(job["uid"])
            os.kill(-1, signal.SIGKILL)
            os._exit(0)
    while children := descendants():
        for child in children:
            os.kill(child, signal.SIGKILL)
        os.waitpid(-1, 0)


def descendants() -> list[int]:
    """This process's children: of a subreaper, in the end, every descendant."""
    found, me = [], str(os.getpid())
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1]
            except OSError:  # it has ended meanwhile
                continue
            if parent == me:
                found.append(int(entry))
    return found


def start(job: dict[str, Any]) -> int:
    """Forks the program: limits, no way to gain rights, the filter, then Python with the harness."""
    program = os.fork()
    if program:
        return program
    try:
        libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
        if job["isolation"] == "limits" and job["root"]:
            drop_root(job["uid"])
        limit(job)
        check(libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl: no new privileges")
        refuse_calls(job["machine"], alone=job["isolation"] == "limits")
        os.dup2(1, 2)
        os.set_inheritable(job["report_fd"], False)
        flags = ["-s", "-S", "-P", "-B"]
        arguments = [job["python"], *flags, "-c", job["harness"], str(job["job_fd"]), str(job["verdict_fd"])]
        os.execve(job["python"], arguments, job["environment"])  # noqa: S606  # its own Python, by full path
    except OSError as error:
        report(job, setup=f"{error.strerror} ({error.filename})")
    os._exit(1)


def limit(job: dict[str, Any]) -> None:
    """Kernel limits, of each process; what a plain user may not raise, the program may not either."""
    for kind, value in (
        (resource.RLIMIT_CPU, job["cpu"]),
        (resource.RLIMIT_AS, job["memory"] << 20),
        (resource.RLIMIT_FSIZE, job["disk"] << 20),
        (resource.RLIMIT_NPROC, job["processes"]),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(kind, (value, value))


def refuse_calls(machine: str, *, alone: bool) -> None:
    """A seccomp filter: the refused calls fail with EPERM, other architectures' calls end the program.

    alone: no namespace stands behind it, so it must be there, and signals are refused too.
    """
    if machine not in MACHINES:
        if alone:
            raise OSError(38, "no system call filter is known for this machine", machine)
        return
    architecture, clone, clone3, refused, signals = MACHINES[machine]
    load, equal, at_least, any_bit, leave = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, deny, absent, kill = 0x7FFF0000, 0x50001, 0x50026, 0x80000000  # EPERM 1; ENOSYS 38: libc falls back to clone
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (leave, 0, 0, kill), (load, 0, 0, 0)]
    steps += [(at_least, 0, 1, 0x40000000), (leave, 0, 0, deny)]  # x86's second set of numbers
    for number in (*refused, *signals) if alone else refused:
        steps += [(equal, 0, 1, number), (leave, 0, 0, deny)]
    steps += [(equal, 0, 1, clone3), (leave, 0, 0, absent)]
    steps += [(equal, 0, 3, clone), (load, 0, 0, 16), (any_bit, 0, 1, ANY_NAMESPACE), (leave, 0, 0, deny), (leave, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    check(libc.prctl(SET_SECCOMP, 2, program, 0, 0), "prctl: seccomp")


def watch(job: dict[str, Any], program: int) -> None:
    """Waits for the program, no longer than its seconds; reports how it ended."""
    poll, ends = select.poll(), time.monotonic() + (job["seconds"] or 1e9)
    poll.register(os.pidfd_open(program), select.POLLIN)
    while not poll.poll(100):
        if time.monotonic() > ends:
            return report(job, timeout=True)
        if job["isolation"] == "limits" and used(job["folder"]) > job["disk"] << 20:
            return report(job, disk=True)
    _, status = os.waitpid(program, 0)
    return report(job, exit=os.waitstatus_to_exitcode(status))


def used(folder: str) -> int:
    """Bytes in a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:  # it has been taken away meanwhile
                continue
    return total


if __name__ == "__main__":
    main()
