"""The host cluster knows where VM collections keep their configuration."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.readings import Absent, Known, Unknown, known_or
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding

_ASKED = "ConfigStoreRootPath of the cluster resource of type Virtual Machine Cluster WMI"


def the_config_store_is_set(facts: Facts) -> tuple[Finding, ...]:
    cluster = cluster_name(facts)
    match facts.cluster.config_store:
        case Unknown() if not any(isinstance(node.host, Known) for node in facts.nodes):
            return ()  # nobody let us in: that says it all
        case Unknown(why=why):
            return (
                finding(
                    "reading-unknown",
                    subject=cluster,
                    summary=f"whether ConfigStoreRootPath is set could not be looked at: {why}",
                    evidence=(_ASKED,),
                    incomplete=True,
                ),
            )
        case Absent():
            summary = (
                "there is no cluster resource of type Virtual Machine Cluster WMI, so no ConfigStoreRootPath"
            )
            return (finding("config-store-no-resource", cluster, summary, (f"{_ASKED}: no such resource",)),)
        case Known(value=path) if path.strip():
            return (
                finding(
                    "config-store-set", cluster, f"ConfigStoreRootPath is {path}", (f"{_ASKED}: {path}",)
                ),
            )
        case _:
            fix = f"once you have chosen the folder (it can be set only once): {fixes.CONFIG_STORE}"
            summary = "ConfigStoreRootPath is not set; backups of VM collections may fail without naming it"
            return (finding("config-store-unset", cluster, summary, (f"{_ASKED}: empty",), fix=fix),)


def cluster_name(facts: Facts) -> str:
    """The host cluster's name, or a plain word where it could not be asked."""
    identity = known_or(facts.cluster.identity, None)
    return identity.name if identity else "the host cluster"
