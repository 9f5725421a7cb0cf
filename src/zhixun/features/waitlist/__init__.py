"""The waiting list: who finds no time that suits joins, and a time that becomes free is kept for one of them at a time."""
