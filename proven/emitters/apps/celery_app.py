"""A Celery worker that gives itself three tasks: one that ends well, one that fails, and one that is tried again."""

from celery import Celery, signals
from celery.utils.log import get_task_logger

app = Celery("shop", broker="memory://")
log = get_task_logger(__name__)


@app.task
def send(order: int) -> str:
    """End well."""
    log.info("started")
    log.warning("order %s is late", order)
    return "sent"


@app.task
def charge(order: int) -> None:
    """Fail."""
    raise ValueError(f"no price for order {order}")


@app.task(bind=True, max_retries=1, default_retry_delay=0)
def call(self, order: int) -> None:  # type: ignore[no-untyped-def]
    """Be tried again, once."""
    try:
        raise ConnectionError(f"no answer for order {order}")  # noqa: TRY301  # what is tried again
    except ConnectionError as error:
        raise self.retry(exc=error) from error


@signals.worker_ready.connect
def begin(**_: object) -> None:
    """Give the tasks."""
    send.delay(17)
    charge.delay(18)
    call.delay(19)
