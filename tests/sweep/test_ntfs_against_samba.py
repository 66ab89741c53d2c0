"""A tenth of the long run: the lab's NTFS, the product's judgement and Samba's."""

from __future__ import annotations

import pytest

from tests.sweep import ntfs_against_samba


@pytest.mark.skipif(
    not ntfs_against_samba.samba_is_there(),
    reason=f"{ntfs_against_samba.SYSTEM_PYTHON} has no Samba (Debian: python3-samba)",
)
def test_lab_product_and_samba_judge_alike() -> None:
    assert "agree" in ntfs_against_samba.run(ntfs_against_samba.FULL // 10, seed=1)
