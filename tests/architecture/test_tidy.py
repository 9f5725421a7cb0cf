"""House rules that a linter does not know."""

import ast
from pathlib import Path

import zhixun
from zhixun.app import FEATURES
from zhixun.kernel.tables import Table

ROOT = Path(zhixun.__file__).parent
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 400


def sources():
    return [(path, path.read_text()) for path in ROOT.rglob("*.py")]


def test_functions_and_modules_fit_on_a_screen():
    for path, source in sources():
        assert source.count("\n") <= MODULE_LINES_MAX, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, f"{path}:{node.name}"


def test_every_table_says_what_personal_data_it_holds():
    for mapper in Table.registry.mappers:
        word = mapper.class_.personal_data
        assert word in {"none", "erase"} or word.startswith("keep: "), mapper.class_


def test_every_feature_says_what_it_is_for_and_is_installed():
    folders = {path.name: path for path in (ROOT / "features").iterdir() if (path / "__init__.py").exists()}
    assert folders.keys() == {feature.name for feature in FEATURES}
    for path in folders.values():
        assert ast.get_docstring(ast.parse((path / "__init__.py").read_text())), path


def test_no_table_row_leaves_a_feature_through_its_doors():
    tables = {mapper.class_.__name__ for mapper in Table.registry.mappers}
    for path, source in sources():
        if path.name not in {"actions.py", "queries.py"}:
            continue
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.returns:
                named = {n.id for n in ast.walk(node.returns) if isinstance(n, ast.Name)}
                assert not named & tables, f"{path}:{node.name} returns a table row"
