"""The letters of SDDL and what they stand for. Source: MS-DTYP 2.5.1.1 and 2.4.2.4; sddl.h of the Windows SDK."""

from __future__ import annotations

from vhdsfix.model.windows import AceFlag, AceType, Sid

NULL_ACL = "NO_ACCESS_CONTROL"

ACE_TYPES = {
    "A": AceType.ALLOW,
    "D": AceType.DENY,
    "AU": AceType.AUDIT,
    "AL": AceType.ALARM,
    "OA": AceType.OBJECT_ALLOW,
    "OD": AceType.OBJECT_DENY,
    "OU": AceType.OBJECT_AUDIT,
    "OL": AceType.OBJECT_ALARM,
    "XA": AceType.CONDITIONAL_ALLOW,
    "XD": AceType.CONDITIONAL_DENY,
    "ZA": AceType.CONDITIONAL_OBJECT_ALLOW,
    "XU": AceType.CONDITIONAL_AUDIT,
    "ML": AceType.MANDATORY_LABEL,
    "RA": AceType.RESOURCE_ATTRIBUTE,
    "SP": AceType.SCOPED_POLICY,
    "TL": AceType.PROCESS_TRUST_LABEL,
    "FL": AceType.ACCESS_FILTER,
}

TYPES_WITH_OBJECTS = frozenset(
    {
        AceType.OBJECT_ALLOW,
        AceType.OBJECT_DENY,
        AceType.OBJECT_AUDIT,
        AceType.OBJECT_ALARM,
        AceType.CONDITIONAL_OBJECT_ALLOW,
    }
)

# An access filter may have a condition (Assumed: sddl.h names it, no grammar does); the other types must.
TYPES_THAT_NEED_AN_EXPRESSION = frozenset(
    {
        AceType.CONDITIONAL_ALLOW,
        AceType.CONDITIONAL_DENY,
        AceType.CONDITIONAL_OBJECT_ALLOW,
        AceType.CONDITIONAL_AUDIT,
        AceType.RESOURCE_ATTRIBUTE,
    }
)
TYPES_WITH_AN_EXPRESSION = TYPES_THAT_NEED_AN_EXPRESSION | {AceType.ACCESS_FILTER}

ACE_FLAGS = {
    "OI": AceFlag.OBJECT_INHERIT,
    "CI": AceFlag.CONTAINER_INHERIT,
    "NP": AceFlag.NO_PROPAGATE,
    "IO": AceFlag.INHERIT_ONLY,
    "ID": AceFlag.INHERITED,
    "CR": AceFlag.CRITICAL,
    "SA": AceFlag.AUDIT_SUCCESS,
    "FA": AceFlag.AUDIT_FAILURE,
}
# On an access filter the bit of SA means TRUST_PROTECTED_FILTER_ACE_FLAG. Source: winnt.h
FILTER_FLAGS = {"TP" if letters == "SA" else letters: bit for letters, bit in ACE_FLAGS.items()}

RIGHTS = {
    "GA": 0x1000_0000,
    "GX": 0x2000_0000,
    "GW": 0x4000_0000,
    "GR": 0x8000_0000,
    "RC": 0x0002_0000,
    "SD": 0x0001_0000,
    "WD": 0x0004_0000,
    "WO": 0x0008_0000,
    "CC": 0x0001,
    "DC": 0x0002,
    "LC": 0x0004,
    "SW": 0x0008,
    "RP": 0x0010,
    "WP": 0x0020,
    "DT": 0x0040,
    "LO": 0x0080,
    "CR": 0x0100,
    "FA": 0x001F_01FF,
    "FR": 0x0012_0089,
    "FW": 0x0012_0116,
    "FX": 0x0012_00A0,
    "KA": 0x000F_003F,
    "KR": 0x0002_0019,
    "KW": 0x0002_0006,
    "KX": 0x0002_0019,
    "NW": 0x0001,
    "NR": 0x0002,
    "NX": 0x0004,
}
# Windows writes these by name where they match exactly; every other mask is as clear in hexadecimal.
WRITTEN_RIGHTS = {RIGHTS[letters]: letters for letters in ("FA", "FR", "FW", "FX", "GA", "GR", "GW", "GX")}

WELL_KNOWN_SIDS = {
    letters: Sid(sid)
    for letters, sid in {
        "WD": "S-1-1-0",
        "CO": "S-1-3-0",
        "CG": "S-1-3-1",
        "OW": "S-1-3-4",
        "NU": "S-1-5-2",
        "IU": "S-1-5-4",
        "SU": "S-1-5-6",
        "AN": "S-1-5-7",
        "ED": "S-1-5-9",
        "PS": "S-1-5-10",
        "AU": "S-1-5-11",
        "RC": "S-1-5-12",
        "SY": "S-1-5-18",
        "LS": "S-1-5-19",
        "NS": "S-1-5-20",
        "WR": "S-1-5-33",
        "UD": "S-1-5-84-0-0-0-0-0",
        "BA": "S-1-5-32-544",
        "BU": "S-1-5-32-545",
        "BG": "S-1-5-32-546",
        "PU": "S-1-5-32-547",
        "AO": "S-1-5-32-548",
        "SO": "S-1-5-32-549",
        "PO": "S-1-5-32-550",
        "BO": "S-1-5-32-551",
        "RE": "S-1-5-32-552",
        "RU": "S-1-5-32-554",
        "RD": "S-1-5-32-555",
        "NO": "S-1-5-32-556",
        "MU": "S-1-5-32-558",
        "LU": "S-1-5-32-559",
        "IS": "S-1-5-32-568",
        "CY": "S-1-5-32-569",
        "ER": "S-1-5-32-573",
        "CD": "S-1-5-32-574",
        "RA": "S-1-5-32-575",
        "ES": "S-1-5-32-576",
        "MS": "S-1-5-32-577",
        "HA": "S-1-5-32-578",
        "AA": "S-1-5-32-579",
        "RM": "S-1-5-32-580",
        "AC": "S-1-15-2-1",
        "LW": "S-1-16-4096",
        "ME": "S-1-16-8192",
        "MP": "S-1-16-8448",
        "HI": "S-1-16-12288",
        "SI": "S-1-16-16384",
        "AS": "S-1-18-1",
        "SS": "S-1-18-2",
    }.items()
}

# Accounts of the machine's own domain or forest: their SIDs depend on it.
DOMAIN_ALIASES = frozenset(
    {"AP", "CA", "CN", "DA", "DC", "DD", "DG", "DU", "EA", "EK", "KA", "LA", "LG", "PA", "RO", "RS", "SA"}
)


def flags_of(kind: AceType) -> dict[str, AceFlag]:
    """The letters of an entry's flags and their bits; they depend on its type."""
    return FILTER_FLAGS if kind is AceType.ACCESS_FILTER else ACE_FLAGS
