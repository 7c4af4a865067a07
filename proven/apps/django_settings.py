"""Django for django-health-check 4, with a cache, a database and a storage in the current folder."""

DEBUG = False
SECRET_KEY = "an-example"  # noqa: S105  # signs nothing
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "django_urls"
INSTALLED_APPS = ["health_check"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "database.sqlite3"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MEDIA_ROOT = "media"
