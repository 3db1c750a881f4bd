from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("exceptions_app.web.urls")),
    path("", include("truscan.web.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("truscan.api.urls")),
    path("api/v1/", include("exceptions_app.api.urls")),
]
