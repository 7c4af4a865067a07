"""``deployspec init``: a first deployment file for a service, by what the service answers.

``describing`` and ``texts`` judge and write without I/O; ``asking`` and ``writing`` do the I/O; ``command`` joins them.
"""
