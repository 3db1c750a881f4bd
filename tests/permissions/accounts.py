"""Pages of the sign-in library, as far as they are switched on.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("account_login", "GET", "200 302 302 302 302 302 302"),
    Row("account_login", "POST", "200 302 302 302 302 302 302"),
    Row("account_logout", "GET", "302 200 200 200 200 200 200"),
    Row("account_logout", "POST", "302 302 302 302 302 302 302"),
    Row("account_inactive", "GET", "302 200 200 200 200 200 200"),
    Row("account_signup", "GET", "302 302 302 302 302 302 302"),
    Row(
        "account_signup",
        "POST",
        "302 302 302 302 302 302 302",
        data=lambda o, w: {
            "username": "guest",
            "password1": "a long enough word",
            "password2": "a long enough word",
        },
    ),
    Row("account_reauthenticate", "GET", "302 200 200 200 200 200 200"),
    Row("account_email", "GET", "302 200 200 200 200 200 200"),
    Row("account_email_verification_sent", "GET", "302 200 200 200 200 200 200"),
    Row("account_change_password", "GET", "302 200 200 200 200 200 200"),
    Row("account_set_password", "GET", "302 302 302 302 302 302 302"),
    Row("account_reset_password", "GET", "302 200 200 200 200 200 200"),
    Row("account_confirm_login_code", "GET", "302 302 302 302 302 302 302"),
    Row("account_confirm_email", "GET", "302 200 200 200 200 200 200", lambda o, w: ["key"]),
    Row("account_reset_password_done", "GET", "302 200 200 200 200 200 200"),
    Row(
        "account_reset_password_from_key",
        "GET",
        "302 200 200 200 200 200 200",
        lambda o, w: ["1", "key"],
    ),
    Row("account_reset_password_from_key_done", "GET", "302 200 200 200 200 200 200"),
    Row("mfa_index", "GET", "302 200 200 200 200 200 200"),
    Row("mfa_authenticate", "GET", "302 302 302 302 302 302 302"),
    Row("mfa_reauthenticate", "GET", "302 302 302 302 302 302 302"),
    Row("mfa_activate_totp", "GET", "302 302 302 302 302 302 302"),
    Row("mfa_deactivate_totp", "GET", "302 404 404 404 404 404 404"),
    Row("mfa_view_recovery_codes", "GET", "302 404 404 404 404 404 404"),
    Row("mfa_generate_recovery_codes", "GET", "302 302 302 302 302 302 302"),
    Row("mfa_download_recovery_codes", "GET", "302 404 404 404 404 404 404"),
]

NAMES = {row.name for row in ROWS}
