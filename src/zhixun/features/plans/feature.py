from zhixun.kernel.feature import Feature

feature = Feature("plans")
