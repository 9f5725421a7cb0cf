from .feedback import Answers, answers_of, check, read_answers
from .review import Sheet, read_sheet

__all__ = ["Answers", "Sheet", "answers_of", "check", "read_answers", "read_sheet"]
