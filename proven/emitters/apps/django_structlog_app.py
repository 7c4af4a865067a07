"""django-structlog's middleware, with structlog in JSON as its documentation configures it, and three requests."""

import logging

import django
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

log = structlog.get_logger("shop")


def orders(_: HttpRequest) -> HttpResponse:
    """Answer 200."""
    log.debug("cache is cold")
    log.info("found two orders", count=2)
    log.warning("disk nearly full", used=0.91)
    try:
        {}["total"]
    except KeyError:
        log.exception("order failed", order=18)
    return HttpResponse("{}")


def broken(_: HttpRequest) -> HttpResponse:
    """Fail."""
    raise RuntimeError("no database")


urlpatterns = [path("orders", orders), path("broken", broken)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django_structlog.middlewares.RequestMiddleware"],
    INSTALLED_APPS=["django_structlog"],
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": structlog.processors.JSONRenderer(),
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {
            "django_structlog": {"handlers": ["console"], "level": logging.INFO},
            "shop": {"handlers": ["console"], "level": logging.INFO},
        },
    },
)
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
django.setup()
client = Client(raise_request_exception=False, headers={"user-agent": "shop-test/1.0"})
for where in ("/orders?page=2", "/nothing", "/broken"):
    client.get(where)
