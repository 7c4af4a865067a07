"""The endpoint of django-health-check 3."""

from django.urls import include, path

urlpatterns = [path("ht/", include("health_check.urls"))]
