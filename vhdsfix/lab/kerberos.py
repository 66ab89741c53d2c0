"""What pyspnego's acceptor does not tell of Kerberos. Only where python-gssapi is installed is there any."""

from __future__ import annotations

import importlib
from typing import Any

import spnego

_BOUND = 0x800
"""GSS_C_CHANNEL_BOUND_FLAG. Source: MIT krb5 1.19 and later, gssapi_ext.h."""


_ERROR = b"\x03\0\x7e"
"""How a KRB-ERROR begins inside a token. Source: RFC 4121 4.1 (TOK_ID), RFC 4120 5.9.1 (tag)."""


def is_unbound(context: spnego.ContextProxy) -> bool:
    """Whether a finished Kerberos logon is not tied to the channel: MIT's acceptor lets in a client that says nothing of it."""
    if context.negotiated_protocol != "kerberos":
        return False
    negotiated: Any = context
    return not negotiated._context._context_attr & _BOUND  # noqa: SLF001 - pyspnego keeps the flags it has no name for there


def refusal(token: bytes) -> bytes | None:
    """The KRB-ERROR that tells a client why its token is refused, as Windows' answers hold it; pyspnego loses it.

    Assumed: HTTP.sys sends it for every such error, as network traces show for KRB_AP_ERR_MODIFIED.
    """
    try:
        gssapi = importlib.import_module("gssapi")
    except ImportError:
        return None
    try:
        answer: bytes = gssapi.SecurityContext(usage="accept").step(token) or b""
    except gssapi.exceptions.GSSError:
        return None
    return answer if _ERROR in answer else None
