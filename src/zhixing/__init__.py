"""Zhixing: know by doing."""
