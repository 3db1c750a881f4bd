"""The task queue. Its settings are in config.queue, read when first needed, so that importing this
package does not load Django's settings (config.embedded must set the environment before).
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("truscan")
app.config_from_object("config.queue")
app.autodiscover_tasks(["truscan", "exceptions_app"])


@worker_process_init.connect
def _settle(**_: object) -> None:
    from config.memory import settle

    settle()
