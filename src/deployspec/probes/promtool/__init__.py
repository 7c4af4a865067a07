"""The promtool probe: finds promtool, asks it what it can do, and has it judge test files and single cases."""

from deployspec.probes.promtool.cases import CaseRuns, export
from deployspec.probes.promtool.finding import Promtool, find
from deployspec.probes.promtool.running import FileRun, TestRunner
from deployspec.probes.promtool.workspace import Workspace

__all__ = ["CaseRuns", "FileRun", "Promtool", "TestRunner", "Workspace", "export", "find"]
