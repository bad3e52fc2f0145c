"""The house keeps its shape: who imports whom, how large things are, what is public."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "isocost"

# The table of docs/house.md. A change here is a design decision: change both, and say why.
MAY_IMPORT: dict[str, set[str]] = {
    "records": set(),
    "stats": set(),
    "allocate": set(),
    "workload": {"records"},
    "systems": {"records", "allocate"},
    "metrics": {"records", "stats"},
    "run": {"records", "workload"},
    "capacity": {"records", "stats", "allocate", "workload"},
    "frontier": {"stats", "metrics"},
    "laws": {"stats", "metrics"},
    "weights": {"records", "allocate"},
    "atlas": {"stats", "metrics"},
    "plan": {"records", "stats", "allocate", "metrics", "frontier", "laws", "capacity"},
    "serve": {"records", "systems", "plan"},
    "report": {"metrics", "frontier", "laws", "plan"},
}
ROOMS = set(MAY_IMPORT)
MAY_IMPORT["study"] = ROOMS - {"serve"}
MAY_IMPORT["cli"] = ROOMS | {"study"}
MAY_IMPORT["__main__"] = {"cli"}
NO_ERRORS = {"stats", "allocate"}  # pure mathematics raises ValueError; every other room may raise the error tree's own
FILE_LINES, FUNCTION_LINES, PARAMETERS = 500, 80, 6

FILES = sorted(SRC.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name: str) -> str:
    """isocost.records.store -> records; the package itself is no room."""
    return name.split(".")[1] if "." in name else ""


def imports(path: Path) -> set[str]:
    """The modules of ours that a file names, in any kind of import: lazy and type-only ones included."""
    known = {module(file) for file in FILES}
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("isocost"):
            found |= {name if (name := f"{node.module}.{alias.name}") in known else str(node.module) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("isocost")}
    return found


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_every_file_belongs_to_a_known_room() -> None:
    strangers = {room(module(path)) for path in FILES} - set(MAY_IMPORT) - {""}
    assert not strangers, f"{strangers} are no rooms of the house; see docs/house.md"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_room_imports_only_what_it_eats(path: Path) -> None:
    here = room(module(path))
    allowed = MAY_IMPORT.get(here, set()) | {here, ""}
    errors = set() if here in NO_ERRORS else {"isocost.records.errors"}
    assert {name for name in imports(path) - errors if room(name) not in allowed} == set()


def test_no_import_circle() -> None:
    graph = {module(path): imports(path) - {module(path)} for path in FILES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in sorted(graph.get(name, ())):
                # A package's own __init__ gathers its files; a file of it importing the package would be a circle.
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", FILES, ids=module)
def test_sizes_stay_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LINES, f"{lines} lines"
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= FUNCTION_LINES, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_public_functions_take_few_parameters(path: Path) -> None:
    """Six, then a spec object. Click commands are called by their options, and system factories by a table's keys."""
    for function in functions(path):
        commands = any("command" in ast.unparse(decorator) for decorator in function.decorator_list)
        names = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        count = len([name for name in names if name.arg not in ("self", "cls")])
        if not function.name.startswith("_") and not commands:
            assert count <= PARAMETERS, f"{function.name} takes {count}"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_public_things_have_docstrings(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "the module says what it is"
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} says what comes back"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_every_public_name_of_a_package_exists(path: Path) -> None:
    """__all__ is true (ruff keeps it sorted); read, not imported, so that a missing extra does not matter."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names = ast.literal_eval(node.value)
            gathered = [n for n in ast.walk(tree(path)) if isinstance(n, ast.ImportFrom)]
            bound = {alias.asname or alias.name for n in gathered for alias in n.names}
            bound |= {n.name for n in tree(path).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            bound |= {t.id for n in tree(path).body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
            bound |= {n.target.id for n in tree(path).body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
            assert set(names) <= bound


def test_only_weights_imports_torch() -> None:
    for path in FILES:
        if room(module(path)) != "weights":
            names = {
                name
                for node in ast.walk(tree(path))
                for name in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
            }
            assert not {name for name in names if name.split(".")[0] == "torch"}, module(path)


def test_no_room_is_called_utils() -> None:
    banned = {"utils", "util", "core", "common", "types", "helpers", "misc"}
    assert not [path for path in FILES if path.stem in banned]


def test_a_broad_except_says_why() -> None:
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"except (Base)?Exception\b|except:", line):
                assert "#" in line, f"{module(path)}:{number} needs its reason beside it"
