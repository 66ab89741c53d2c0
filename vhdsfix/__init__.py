"""Finds and repairs the VM grants that host-level backups of Hyper-V guest clusters need."""

__version__ = "0.1.0"
