"""What a guest is asked about the cluster that it is in: the same as a host about its own."""

from __future__ import annotations

from vhdsfix.remote.cluster_questions import CLUSTER, CLUSTER_NODES

GUEST_PHASE = (CLUSTER, CLUSTER_NODES)
