"""loguru with serialize=True."""

import sys

from loguru import logger

logger.remove()
logger.add(sys.stderr, serialize=True)
logger.debug("cache is cold")
logger.info("started")
logger.bind(port=8000).info("listening on {}", "127.0.0.1")
logger.success("all orders were sent")
logger.warning("disk nearly full")
logger.error("payment refused")
try:
    {}["total"]
except KeyError:
    logger.exception("order failed")
