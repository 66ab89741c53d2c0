"""Why Kerberos made no logon: what its numbers mean, and what to do now."""

from __future__ import annotations

from collections.abc import Iterable

# Source: krb5.h of MIT krb5 (KRB5KDC_ERR_…, KRB5_…) and winerror.h (SEC_E_…), both as unsigned numbers of 32 bits.
_NO_TICKET = {2529639053, 2529639107, 2529638944, 0x8009030E}
_WRONG_PASSWORD = {2529638936, 2529638943, 0x8009030C}
_UNKNOWN_ACCOUNT = {2529638918, 2529639066, 2529639132}
_LOCKED = {2529638930}
_EXPIRED = {2529638935}
_UNKNOWN_NODE = {2529638919, 0x80090303}
_NO_KDC = {2529639068, 0x80090311}
_CLOCKS_DIFFER = {2529638949, 0x80090324}

_REACH_BY_NAME = "reach it by its name in the domain, not by an address, or say --transport https"
_KNOWN = (
    (_NO_TICKET, "there is no current Kerberos ticket", "get one (kinit; klist shows it), or say --user"),
    (_WRONG_PASSWORD, "Kerberos refused the user and password", "check the user and the password"),
    (_UNKNOWN_ACCOUNT, "Kerberos does not know this account", "write --user as name@DOMAIN.EXAMPLE"),
    (_LOCKED, "the account is disabled or locked out", "have it unlocked, or say another --user"),
    (_EXPIRED, "the account's password has expired", "change it, or say another --user"),
    (_UNKNOWN_NODE, "Kerberos does not know this node", _REACH_BY_NAME),
    (_NO_KDC, "no domain controller answered", "check network, DNS and krb5.conf, or say --transport https"),
    (_CLOCKS_DIFFER, "its clock and ours, or the domain's, differ too much", "set the clocks right"),
)


def meaning(errors: Iterable[BaseException]) -> tuple[str, str] | None:
    """What came back and what to do, by the first number that is known; None where none is."""
    numbers = {_number(error) for error in errors}
    return next(((came_back, advice) for known, came_back, advice in _KNOWN if numbers & known), None)


def _number(error: BaseException) -> int:
    """krb5's, GSS-API's or SSPI's own; 0 where there is none."""
    held = (getattr(error, name, None) for name in ("err_code", "min_code", "winerror"))
    return next((number & 0xFFFF_FFFF for number in held if isinstance(number, int)), 0)
