"""Strategies: rules with any names that a log could hold, and packages of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.exceptions_app.export.revisions import policy_package, rule

# PostgreSQL stores no NUL and no half surrogate, but an export must survive both.
TEXT = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "=1+1",
        "+x",
        "-x",
        "@x",
        "\tx",
        "\rx",
        "a\x00b",
        'a"b;c,d',
        "ü😀",
        "\u202eexe.txt",
        "שלום",
        "a\u2028b",
        "<script>alert(1)</script>",
        "\ud800x",
        " =x",
        "＝x",
        "x\r\ny",
    ]
)
RESPONSES = st.sampled_from(["ignore", "quarantine", "terminate"])


@st.composite
def rules(draw: st.DrawFn, *, by_name: bool = True) -> list[dict[str, Any]]:
    """Each file once; hashes of SHA-256, SHA-1 and MD5 that no two files share."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        kinds = draw(st.sets(st.sampled_from([("sha256", 64), ("sha1", 40), ("md5", 32)])))
        response = draw(RESPONSES)
        if not kinds and (response == "ignore" or not by_name):
            kinds = {("sha256", 64)}
        hashes = [f"{kind}:{number:0{width}x}" for kind, width in sorted(kinds, reverse=True)]
        made.append(
            rule(
                draw(TEXT),
                response,
                *hashes,
                path=f"{number}{draw(TEXT)}",
                company=draw(TEXT),
                application_type=draw(TEXT),
                reason=draw(TEXT),
                size=draw(st.none() | st.integers(0, 2**63 - 1)),
                evidence=draw(
                    st.dictionaries(
                        TEXT, st.floats(allow_nan=False, allow_infinity=False) | TEXT, max_size=3
                    )
                ),
            )
        )
    return made


PACKAGES = st.builds(lambda found, name: policy_package(*found, name=name or "P"), rules(), TEXT)
HASH_PACKAGES = st.builds(lambda found: policy_package(*found), rules(by_name=False))
