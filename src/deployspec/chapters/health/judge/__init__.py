"""The health contract: one judge a promise, measurements in, a verdict out.

Every judge takes what was measured and a ``HealthPromise``, and returns a ``Verdict``. None raises, whatever was
answered; none is MET without having measured. ``reading`` says in which order they depend on one another.
"""
