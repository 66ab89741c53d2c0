"""The faults of WS-Management that the lab answers with, in Windows' codes and words.

Source: FACTS 6.5 and WIRE 6 (codes); MS-WSMV 2.2.4.43 and DSP0226 (the form). Side, subcode and words of the missing shell, but
for its id, are as Windows sent them (issues WinRb/WinRM 253, Orange-Cyberdefense/GOAD 310). Assumed: the other texts, and which side
and subcode goes with which other code. A client sees the code, and shows the text.
"""

from __future__ import annotations

import msgspec

ACCESS_DENIED = 5
ALREADY_EXISTS = 183
OPERATION_ABORTED = 995
ACTION_NOT_SUPPORTED = 2150858753
OPERATION_TIMED_OUT = 2150858793
INVALID_RESOURCE_URI = 2150858811
INVALID_XML = 2150858819
MAX_ENVELOPE_SIZE_EXCEEDED = 2150858824
SHELL_NOT_FOUND = 2150858843
TOO_MANY_SHELLS = 2150859173
TOO_MANY_OPERATIONS = 2150859174
TOO_MANY_COMMANDS = 2150859241


class Kind(msgspec.Struct, frozen=True):
    """Whose fault it is in SOAP's terms, WS-Management's name for it, and Windows' words."""

    side: str
    subcode: str
    text: str


_PROCESS = "The WS-Management service cannot process the request"
_OTHER = Kind("s:Receiver", "w:InternalError", "The WS-Management service cannot process the request.")
_KINDS = {
    ACCESS_DENIED: Kind("s:Sender", "w:AccessDenied", "Access is denied."),
    ALREADY_EXISTS: Kind(
        "s:Sender", "w:AlreadyExists", "Cannot create a file when that file already exists."
    ),
    OPERATION_ABORTED: Kind(
        "s:Receiver",
        "w:InternalError",
        "The I/O operation has been aborted because of either a thread exit or an application request.",
    ),
    ACTION_NOT_SUPPORTED: Kind(
        "s:Sender", "a:ActionNotSupported", f"{_PROCESS}. The WS-Addressing action URI is invalid."
    ),
    OPERATION_TIMED_OUT: Kind(
        "s:Receiver",
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
    ),
    INVALID_RESOURCE_URI: Kind(
        "s:Sender",
        "w:InvalidResourceURI",
        f"{_PROCESS}. The resource URI is missing or it has an incorrect format. Check the documentation or use the following"
        ' command for information on how to construct a resource URI: "winrm help uris".',
    ),
    INVALID_XML: Kind("s:Sender", "w:SchemaValidationError", f"{_PROCESS} because the XML is invalid."),
    MAX_ENVELOPE_SIZE_EXCEEDED: Kind(
        "s:Sender",
        "w:EncodingLimit",
        "The response that the WS-Management service computed exceeds the maximum envelope size in the request.",
    ),
    SHELL_NOT_FOUND: Kind(
        "s:Sender",
        "w:InvalidSelectors",
        "The request for the Windows Remote Shell failed because the shell was not found on the server. Possible causes are: the"
        " specified ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a"
        " new shell and retry the operation.",
    ),
    TOO_MANY_SHELLS: Kind(
        "s:Sender",
        "w:QuotaLimit",
        f"{_PROCESS}. The maximum number of concurrent shells for this user has been exceeded. Close existing shells or raise the"
        " quota for this user.",
    ),
    TOO_MANY_COMMANDS: Kind(
        "s:Sender",
        "w:QuotaLimit",
        f"{_PROCESS}. The maximum number of concurrent commands per shell has been exceeded. Retry the request later or raise the"
        " Maximum Commands per Shell quota.",
    ),
    TOO_MANY_OPERATIONS: Kind(
        "s:Sender",
        "w:QuotaLimit",
        f"{_PROCESS}. The maximum number of concurrent operations for this user has been exceeded. Close existing operations for"
        " this user, or raise the quota for this user.",
    ),
}


class Fault(Exception):  # noqa: N818 - the protocol's own word for it
    """Answered to the client as a WSManFault with this code; the text is Windows' own unless another is given."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or known(code).text)
        self.code = code


def known(code: int) -> Kind:
    """What is known of a code; one that the lab has no words for is an internal error of the node."""
    return _KINDS.get(code, _OTHER)
