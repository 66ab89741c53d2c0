"""What holds for every test: nobody is asked on a network."""

from __future__ import annotations

import os

os.environ["KRB5_CONFIG"] = os.devnull
"""The machine's own would have each logon look for a realm in the DNS. For what a test starts, too."""
