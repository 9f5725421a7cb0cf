from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries


def let_runs_lapse() -> None:
    with unit_of_work() as uow:
        for run_id in queries.due_to_lapse(uow.db, uow.now):
            actions.let_run_lapse(uow, run_id=run_id)
