"""Python's logging as basicConfig sets it up: first without options, then with the usual format; and its end."""

import logging


def speak() -> None:
    """Log one of each."""
    log = logging.getLogger("shop")
    log.debug("not shown by default")
    log.info("started")
    log.warning("disk nearly full")
    log.error("payment refused")
    try:
        {}["total"]
    except KeyError:
        log.exception("order failed")


logging.basicConfig()
speak()
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True)
speak()
raise RuntimeError("no database")
