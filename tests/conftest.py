"""What holds for every test: nobody is asked on a network, no drawn example is timed, a closed terminal is not ignored."""

from __future__ import annotations

import os
import signal
import sys

from hypothesis import HealthCheck, settings

os.environ["KRB5_CONFIG"] = os.devnull
"""The machine's own would have each logon look for a realm in the DNS. For what a test starts, too."""

settings.register_profile("untimed", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

if sys.platform != "win32":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup all that a test starts would ignore it
