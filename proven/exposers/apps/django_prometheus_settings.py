"""Django with django-prometheus and a database in memory."""

SECRET_KEY = "an-example"  # noqa: S105 - no secret
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_prometheus"]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "django_prometheus_urls"
DATABASES = {"default": {"ENGINE": "django_prometheus.db.backends.sqlite3", "NAME": "database.sqlite3"}}
CACHES = {"default": {"BACKEND": "django_prometheus.cache.backends.locmem.LocMemCache"}}
PROMETHEUS_EXPORT_MIGRATIONS = True
USE_TZ = True
