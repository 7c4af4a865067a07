"""The promtool probe: finds promtool, asks it what it can do, and has it judge test files and single cases."""

from deployspec.tools.promtool.cases import CaseRuns, export
from deployspec.tools.promtool.finding import Promtool, find
from deployspec.tools.promtool.running import FileRun, TestRunner
from deployspec.tools.promtool.workspace import Workspace

__all__ = ["CaseRuns", "FileRun", "Promtool", "TestRunner", "Workspace", "export", "find"]
