"""Which checks are selected for this deployment, and which are not, said aloud."""

from __future__ import annotations

import ast
import gc
import itertools
from collections.abc import Collection, Generator, Iterable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.disclosure import redact
from deployspec.model.chapter import lacking
from deployspec.model.ids import check_id
from deployspec.plugin.deployments import named, none_said, obtain
from deployspec.plugin.gate import gate
from deployspec.plugin.needs import alternatives, parts_missing, parts_needed
from deployspec.plugin.options import GATE, chapters, chapters_of, is_check, is_worker, named_in, places

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter


@dataclass
class Selection:
    """What the markers and the deployment file chose."""

    checks: int = 0
    """How many checks are selected."""
    not_described: dict[str, str] = field(default_factory=dict)
    """The checks that are not selected: id to the part that the deployment file does not describe."""
    empty_markers: list[str] = field(default_factory=list)
    """The markers named positively in ``-m`` that selected nothing, or nothing that asks the deployment; for ``gate``,
    the chapters that it stands for."""
    skipped_files: dict[str, str] = field(default_factory=dict)
    """The files of checks that were skipped as a whole: name to reason."""
    usage_error: str = ""
    """Why a worker could not even begin; the controller ends the run with status 4."""


SELECTION: pytest.StashKey[Selection] = pytest.StashKey()
SELECTING: pytest.StashKey[bool] = pytest.StashKey()
"""Set where a list of the checks (``--collect-only``) is to be of those that a run would make."""
_UNREAD: pytest.StashKey[set[str]] = pytest.StashKey()
"""The files of checks of which this run can select none."""
_MARKERS = {
    GATE: "what a pipeline asks for before it goes on: the chapters that belong to a gate, or those that the deployment file's "
    "key gate names.",
    "live": "looks at a running system in a chapter that is otherwise offline; not selected where no deployment is named.",
    "not_described(part)": "not selected, because this part is not described; set by the plugin.",
    "needs(part)": "selected only for a deployment whose file describes that part, such as health.max_response_time; "
    "`A or B`: one of them.",
    "within(part, place)": "what `needs` says of that part is looked up at another place of the same form; set by chapters.",
}
_MOST_FREE = 8
"""Names in a `-m` expression that are of no chapter; with more of them, each chapter may be selected."""
_WORKER_SELECTION = "deployspec_selection"


def positive_markers(expression: str) -> list[str]:
    """The names that a ``-m`` expression asks for: those under an even number of ``not``, in order.

    An expression that cannot be read gives none: pytest itself refuses it with an error of its own.
    """
    names: list[str] = []

    def walk(node: ast.AST, *, wanted: bool) -> None:
        if isinstance(node, ast.UnaryOp):
            walk(node.operand, wanted=not wanted)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                walk(value, wanted=wanted)
        elif isinstance(node, ast.Call):
            walk(node.func, wanted=wanted)
        elif isinstance(node, ast.Name) and wanted and node.id not in names:
            names.append(node.id)

    try:
        walk(ast.parse(expression.strip(), mode="eval").body, wanted=True)
    except (SyntaxError, ValueError):
        return []
    return names


def may_select_of(
    expression: str, chapter: str, others: Collection[str], never: Collection[str] = ()
) -> bool:
    """Whether a ``-m`` expression may select a check of this chapter, whatever else it is marked with but what is
    ``never`` a mark of one: with other chapters, too, where the expression names this one among them."""
    named = named_in(expression)
    free = named - {chapter, *never} if chapter in named else named - {chapter, *others, *never}
    return len(free) > _MOST_FREE or any(
        may_select(expression, {chapter, *chosen})
        for size in range(len(free) + 1)
        for chosen in itertools.combinations(free, size)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the markers, and import what the chapters bring that this run may select something of."""
    known = chapters(config)
    expression = config.getoption("markexpr") or ""
    if not is_worker(config):
        refuse_lacking(known[name] for name in positive_markers(expression) if name in known)
    meant = [name for name in known if may_select_of(expression, name, known)]
    # Whoever names a check by its id is to hear that -m leaves it out, for which it is collected.
    if meant and not any("::" in argument for argument in config.args):
        files = {chapter.name: chapter.file for chapter in known.values()}
        read = {files[name] for name in meant}
        config.stash[_UNREAD] = {file for file in files.values() if file not in read}
    for chapter in known.values():
        _refuse_without_effect(config, chapter, meant)
    for name, sentence in _MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {sentence}")
    for chapter in known.values():
        for name, sentence in {chapter.name: chapter.sentence, **chapter.markers}.items():
            config.addinivalue_line("markers", f"{name}: {sentence}")
        # A check may belong to two chapters at once: where no one of them is meant alone, all are.
        for plugin in chapter.plugins if chapter.name in meant or not meant else ():
            if not config.pluginmanager.has_plugin(plugin):
                config.pluginmanager.register(import_module(plugin), plugin)


def _refuse_without_effect(config: pytest.Config, chapter: Chapter, meant: Collection[str]) -> None:
    """Raise pytest.UsageError for an option that promises what none of the selected checks keeps."""
    for option in chapter.options if meant and chapter.name not in meant else ():
        if not option.alone and config.getoption(option.name) is not None:
            raise pytest.UsageError(
                f"{option.name}: found it in a run that selects no check of {chapter.name}; expected -m with {chapter.name}"
            )


def refuse_lacking(wanted: Iterable[Chapter]) -> None:
    """Raise pytest.UsageError where the libraries of a chapter are not installed."""
    if said := [text for chapter in wanted if (text := lacking(chapter))]:
        raise pytest.UsageError("\n".join(said))


def may_select(expression: str, markers: Collection[str]) -> bool:
    """Whether a ``-m`` expression may select an item with these markers; True where that cannot be told."""
    if not expression.strip():
        return True
    from _pytest.mark.expression import Expression

    try:
        return Expression.compile(expression).evaluate(lambda name, /, **_: name in markers)
    except Exception:  # noqa: BLE001 - pytest itself refuses the expression, with an error of its own
        return True


def needs_deployment(item: pytest.Item) -> bool:
    """Whether a check asks the deployment, or what watches it; others look at files alone."""
    return "deployment" in getattr(item, "fixturenames", ())


def id_of(item: pytest.Item) -> str:
    """The id of a check: it depends on neither its file nor the folder that pytest runs in."""
    callspec = getattr(item, "callspec", None)
    function = getattr(item, "originalname", None) or item.name
    return check_id(chapters_of(item)[0], function, "" if callspec is None else callspec.id)


def _refuse_equal_ids(items: list[pytest.Item]) -> None:
    """Two checks of one id would take each other's place in every history."""
    seen: dict[str, str] = {}
    for item in filter(is_check, items):
        first = seen.setdefault(id_of(item), item.nodeid)
        if first != item.nodeid:
            raise pytest.UsageError(
                f"found two checks with the id {id_of(item)}: {first} and {item.nodeid}; expected a name of its own for each"
            )


def _deselect(config: pytest.Config, items: list[pytest.Item], reasons: dict[str, str]) -> None:
    """Take the items with these node ids out, and keep why; an empty reason is none to speak of."""
    if reasons:
        config.stash[SELECTION].not_described.update(
            {id_of(item): reasons[item.nodeid] for item in items if reasons.get(item.nodeid)}
        )
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in reasons])
        items[:] = [item for item in items if item.nodeid not in reasons]


def _not_described_by_plugin(config: pytest.Config, items: list[pytest.Item]) -> dict[str, str]:
    """What is not there whatever a deployment file says: parts of a set of rules, and any deployment at all."""
    reasons = {}
    for item in items:
        if mark := item.get_closest_marker("not_described"):
            reasons[item.nodeid] = str(mark.args[0])
        elif item.get_closest_marker("live") and none_said(config):
            reasons[item.nodeid] = "a deployment"
    return reasons


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Name the specification's files by their package: pytest would give them the names that a project's own may have."""
    where = places(parent.config)
    if module_path.is_relative_to(where.checks):
        own = f"deployspec/checks/{module_path.relative_to(where.checks).as_posix()}"
        return _Specification.from_parent(parent, path=module_path, nodeid=own)
    if module_path.is_relative_to(where.own_checks) and where.is_clone:
        return _Specification.from_parent(parent, path=module_path)
    return None


class _Specification(pytest.Module):
    """A file of the specification: the settings of the project around it do not choose among its checks."""

    def funcnamefilter(self, name: str) -> bool:
        """Whether a function of this name is a check."""
        return name.startswith("test_")

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Its checks; none, and nothing is imported, where this run can select none of them."""
        return () if self.path.name in self.config.stash.get(_UNREAD, ()) else super().collect()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Keep what is skipped before it has a check: nobody would miss one of it."""
    report = yield
    if report.skipped and _is_among_checks(collector.config, collector.path):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        selection = collector.config.stash.setdefault(SELECTION, Selection())
        selection.skipped_files[report.nodeid] = redact(reason.removeprefix("Skipped: "))
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, visibly, what the deployment file does not describe; note markers that selected nothing."""
    selection = config.stash.setdefault(SELECTION, Selection())
    try:
        _select(config, items)
    except pytest.UsageError as error:
        if not is_worker(config):
            raise
        # A worker that raises is reported as a crash: it hands the error to the controller instead.
        selection.usage_error = str(error)
        items.clear()
    # Checks that break something come last: whoever reads along sees the quiet ones first.
    items.sort(key=lambda item: is_check(item) and wants_exclusive(item))
    selection.checks = sum(is_check(item) for item in items)
    asked = _asked_for(config)
    of_one = not none_said(config)
    selection.empty_markers = [
        name for name in asked if not any(_is_of(name, item, named=of_one) for item in items)
    ]
    if is_worker(config):
        config.workeroutput[_WORKER_SELECTION] = asdict(selection)  # type: ignore[attr-defined]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the garbage collector, which pytest calls as it ends, all that will be there until then: imported modules."""
    if session.config.stash.get(SELECTION, Selection()).checks:
        gc.freeze()


def _asked_for(config: pytest.Config) -> list[str]:
    """The markers that ``-m`` asks for; in the place of ``gate``, the chapters that it stands for and may select of."""
    expression = config.getoption("markexpr") or ""
    asked = positive_markers(expression)
    if GATE not in asked:
        return asked
    own = [
        name
        for name in chapters(config)
        if name in gate(config) and name not in asked and may_select(expression, {GATE, name})
    ]
    others = [name for name in asked if name != GATE]
    return [*others, *own] if own or others else [GATE]


def _select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what is not described. Raises pytest.UsageError where the deployment, or a check, cannot be used."""
    _refuse_checks_without_chapter(config, items)
    _refuse_equal_ids(items)
    if config.getoption("collectonly") and SELECTING not in config.stash:
        return
    _deselect(config, items, _not_described_by_plugin(config, items))
    # Nor may one whose name is empty pass for an offline run.
    empty = named(config) is None and not none_said(config)
    if any(is_check(item) and (empty or needs_deployment(item)) for item in items):
        deployment = obtain(config)
        missing = {item.nodeid: parts_missing(item, deployment) for item in items if is_check(item)}
        # Nothing is missing where the file says what it is: only that this is something else.
        _deselect(
            config,
            items,
            {
                node: ", ".join(part for part in parts if not deployment.says_another_word(part))
                for node, parts in missing.items()
                if parts
            },
        )
    _deselect(config, items, _left_out(config, items))
    selected = {name for item in items for name in chapters_of(item)}
    refuse_lacking(chapter for name, chapter in chapters(config).items() if name in selected)


def _left_out(config: pytest.Config, items: list[pytest.Item]) -> dict[str, str]:
    """The checks that ``--leave-out`` leaves out, with the option of a probe that would not."""
    return {
        item.nodeid: f"--with-{what}"
        for what in config.getoption("--leave-out")
        for item in items
        if is_check(item) and _speaks_of(f"allow.{what}", item)
    }


def _is_of(marker: str, item: pytest.Item, *, named: bool) -> bool:
    """Whether a check answers to a marker that was asked for.

    Where a deployment is named, those of its own chapters that ask it nothing are no answer: they would be green, and
    nothing of it was measured.
    """
    if item.get_closest_marker(marker) is None:
        return False
    chapter = chapters(item.config).get(marker)
    only_running = chapter is not None and chapter.only_running
    return not named or not only_running or not is_check(item) or needs_deployment(item)


def makes_load(item: pytest.Item) -> bool:
    """Whether this check makes load, or reads what the load run of this session has measured."""
    return _speaks_of("allow.load", item)


def follows_load(item: pytest.Item) -> bool:
    """Whether this check is to look at what a load run of this session leaves behind."""
    return item.get_closest_marker("after_load") is not None and any(map(makes_load, item.session.items))


def wants_exclusive(item: pytest.Item) -> bool:
    """Whether this check needs the deployment to itself: it injects faults or load, or makes sure that the load ran."""
    return _speaks_of("allow.faults", item) or makes_load(item) or follows_load(item)


def _speaks_of(part: str, item: pytest.Item) -> bool:
    """Whether a part is among those that this check needs, be it as one of several alternatives."""
    return any(part in alternatives(text) for text in parts_needed(item))


def _refuse_checks_without_chapter(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test in checks/ without a chapter would be no check: its pass would be a green without a verdict."""
    lost = [item.nodeid for item in items if _is_among_checks(config, item.path) and not chapters_of(item)]
    if lost:
        raise pytest.UsageError(
            f"{lost[0]} has no chapter, so its verdict would not count; mark it with one of: {', '.join(chapters(config))}"
        )


def _is_among_checks(config: pytest.Config, path: Path) -> bool:
    """Whether a file is in a folder of checks: the project's or the specification's."""
    return any(path.is_relative_to(folder) for folder in (places(config).own_checks, places(config).checks))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from a worker what it selected: the controller of pytest-xdist collects nothing itself."""
    sent = getattr(node, "workeroutput", {}).get(_WORKER_SELECTION)
    if sent is not None:
        node.config.stash[SELECTION] = Selection(**sent)
