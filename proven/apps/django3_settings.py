"""Django for django-health-check 3, whose checks are applications of Django."""

from django_settings import *  # noqa: F403

ROOT_URLCONF = "django3_urls"
# The migrations of health_check.db need these two.
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
INSTALLED_APPS += ["health_check", "health_check.cache", "health_check.db", "health_check.storage"]
