"""The endpoint of django-health-check 4."""

from django.urls import path
from health_check.views import HealthCheckView

CHECKS = ["health_check.checks.Cache", "health_check.checks.Database", "health_check.checks.Storage"]

urlpatterns = [path("health/", HealthCheckView.as_view(checks=CHECKS))]
