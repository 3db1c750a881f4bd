"""Settings, all by environment variable; the names are those of the README's table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ

django_stubs_ext.monkeypatch()

env = environ.FileAwareEnv()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)
# `manage.py`, the supervisor and the tests put a random key of this machine into SECRET_KEY
# (config.embedded); a server started by hand without one must not run with a known key.
SECRET_KEY = env.str("SECRET_KEY", default="") or os.urandom(48).hex()
# The seed of the Ed25519 key that signs published revisions, in base64; without it none is signed.
SIGNING_KEY = env.str("SIGNING_KEY", default="").strip()
# The machine itself always, since its health probes come by that name.
ALLOWED_HOSTS = ["127.0.0.1", *env.list("ALLOWED_HOSTS", default=["localhost", "[::1]"])]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "truscan",
    "exceptions_app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.PersonTimeZone",
    "config.middleware.LoginRequired",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "truscan" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "truscan.web.frame.frame",
            ],
        },
    }
]

DATABASES = {
    "default": env.db_url_config(env.str("DATABASE_URL", default="") or "postgres:///truscan")
}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["application_name"] = "truscan"
# Compiling a query takes 200 ms and more; the planner thinks it worth that for a count in a table
# of a few rows, not knowing that what it nests is empty. An address with its own "options" wins.
DATABASES["default"]["OPTIONS"].setdefault("options", "-c jit=off")
# A Unix socket is named as libpq does it (?host=/folder&user=name); Django wants them by its names.
for _name in ("host", "port", "user", "password"):
    if _value := DATABASES["default"]["OPTIONS"].pop(_name, None):
        DATABASES["default"][_name.upper()] = str(_value)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The word "none": no broker, long work runs inside the request or command that asked for it.
REDIS_URL = env.str("REDIS_URL", default="") or "none"
HAS_BROKER = REDIS_URL != "none"
# Celery's name for a Unix socket is not that of the Redis client.
BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.str("CACHE_PREFIX", default="truscan"),
    }
    if HAS_BROKER
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "truscan.access.sign_in.ClosedSignUp"
ACCOUNT_FORMS = {"login": "truscan.access.sign_in_form.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

USE_I18N = True
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
MEDIA_ROOT = VAR_DIR / "uploads"
STORAGE_URL = env.str("STORAGE_URL", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("STATIC_HASHED", default=False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if STORAGE_URL:
    # s3://bucket/prefix: every worker host must be able to read an upload.
    _bucket, _, _prefix = STORAGE_URL.removeprefix("s3://").partition("/")
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": _bucket, "location": _prefix},
    }
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="truscan@localhost")
# Hosts in private networks that outbound calls (webhooks) may reach; all others must be public.
OUTBOUND_PRIVATE_HOSTS = env.list("OUTBOUND_PRIVATE_HOSTS", default=[])
# Whether a level may be raised over a failed gate by one approver, or only when another one signs.
RAMP_SECOND_PERSON = env.bool("RAMP_SECOND_PERSON", default=False)
DROP_FOLDER = env.str("DROP_FOLDER", default="")
# So long after publishing, clients have spoken with SEPM: detections after it are told of.
ARRIVAL_HEARTBEAT_HOURS = env.int("ARRIVAL_HEARTBEAT_HOURS", default=24)
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]  # asked by machines, on the inside
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["truscan.api.token_auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["truscan.api.permission.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["truscan.api.json_body.ShallowJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "truscan.api.paging.IdCursor",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "truscan.api.problem.problem_response",
    "PAGE_SIZE": 100,
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "DEFAULT_THROTTLE_CLASSES": ["truscan.api.throttle.PerToken"],
    "DEFAULT_THROTTLE_RATES": {"token": env.str("API_RATE", default="600/min")},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "TruScan exception tuning",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": ["rest_framework.authentication.SessionAuthentication"],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ResponseOrObserveEnum": "exceptions_app.api.bulk.CHOICES",
        "ResponseEnum": "exceptions_app.models.policy.Response",
        "GradeEnum": "exceptions_app.models.lint.Grade",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
