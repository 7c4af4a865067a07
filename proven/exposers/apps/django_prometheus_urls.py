"""A page of metrics, and one that asks the database and the cache."""

from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def users(_: HttpRequest) -> HttpResponse:
    """How many users there are."""
    number = cache.get_or_set("users", lambda: User.objects.count(), 1)
    return HttpResponse(f"{number}\n")


urlpatterns = [path("users", users), path("", include("django_prometheus.urls"))]
