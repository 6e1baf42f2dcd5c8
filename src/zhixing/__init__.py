"""Zhixing 知行: a laboratory for deep learning. You ask a question; it performs the experiment and answers.

import zhixing as zx

answer = zx.ask("shortcut-depth")
answer.verdict, answer.table, answer.figure()
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
