# The product without the embedded servers; PostgreSQL and Redis/Valkey come from outside.
FROM python:3.12-slim AS build
COPY requirements.lock /
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.lock

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin truscan \
    && install -d -o truscan -g truscan /data
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
# The root file system is read-only when it runs, so what is computed is made here.
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings STATIC_HASHED=1 STATIC_ROOT=/app/static VAR_DIR=/data
RUN SECRET_KEY=only-for-this-step django-admin collectstatic --noinput --pythonpath /app \
    && python -m compileall -q /app
USER truscan
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--timeout", "120", "--preload", "--worker-tmp-dir", "/dev/shm", \
     "--no-control-socket", "--access-logfile", "-"]
