from zhixun.kernel.feature import Feature

from .commands import COMMANDS

feature = Feature(name="ledger", commands=COMMANDS)
