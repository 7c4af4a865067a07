"""The exceptions that deployspec raises for what its user can cause or mend."""


class DeployspecError(Exception):
    """The base of all of them. ``str()`` of it is one clear text for the user, free of secrets."""


class UsageError(DeployspecError):
    """What was asked for cannot be done as asked: a wrong option, a faulty file. Ends a run with status 4."""


class DeploymentFileError(UsageError):
    """A deployment file that cannot be used. Its text lists every problem found, one a line,
    as ``file:line:column: what was found; what was expected``."""


class ToolError(DeployspecError):
    """A program that is needed is missing or does not work; what depends on it is UNMEASURED."""
