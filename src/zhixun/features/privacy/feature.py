from zhixun.kernel.feature import Feature

from .commands import COMMANDS

feature = Feature("privacy", commands=COMMANDS)
