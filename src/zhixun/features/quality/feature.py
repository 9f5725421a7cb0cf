from zhixun.kernel.feature import Feature

from .routes import bp

feature = Feature("quality", blueprints=[bp])
