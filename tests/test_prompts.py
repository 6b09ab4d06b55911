"""Prompts render strictly, literally, and are named by a digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prompts
from prompts import PromptError


@pytest.mark.parametrize("name", prompts.names())
def test_every_prompt_file_renders_with_its_own_variables(name: str) -> None:
    prompt = prompts.load(name)
    values = {variable: f"<<{variable}>>" for variable in prompt.variables}
    text = prompt.render(**values)
    assert all(value in text for value in values.values())
    assert "{{" not in text
    assert prompt.version


def test_the_three_prompts_are_there() -> None:
    assert {"answer.system", "answer.user", "standalone"} <= set(prompts.names())


def test_missing_and_unknown_variables_are_both_listed() -> None:
    prompt = prompts.load("standalone")
    with pytest.raises(PromptError, match=r"missing: history; unknown: answer, tone"):
        prompt.render(question="Who?", tone="kind", answer="me")


@given(st.text())
def test_values_are_inserted_literally(value: str) -> None:
    prompt = prompts.parse("---\nname: x\nversion: 1\nvariables: a, b\n---\n{{a}}|{{b}}|{{a}}", "x")
    assert prompt.render(a="{{b}}\\1", b=value) == f"{{{{b}}}}\\1|{value}|{{{{b}}}}\\1"


def test_digest_follows_the_wording() -> None:
    text = "---\nname: x\nversion: 1\nvariables:\n---\nSay {word}."
    digest = prompts.parse(text, "x").digest
    assert len(digest) == 16
    assert digest == prompts.parse(text.replace("\n", "\r\n"), "x").digest
    assert digest != prompts.parse(text.replace("Say", "Tell"), "x").digest
    assert digest != prompts.parse(text.replace("version: 1", "version: 2"), "x").digest


@pytest.mark.parametrize(
    "text",
    [
        "no header",
        "---\nname: y\nversion: 1\nvariables:\n---\nwrong name",
        "---\nname: x\nvariables:\n---\nno version",
        "---\nname: x\nversion: 1\nvariables:\n---\n{{undeclared}}",
        "---\nname: x\nversion: 1\nvariables: unused\n---\ntext",
    ],
)
def test_malformed_files_are_refused(text: str) -> None:
    with pytest.raises(PromptError):
        prompts.parse(text, "x")


@pytest.mark.parametrize("name", ["nothing", "../README", "answer/system", ""])
def test_unknown_names_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(PromptError, match=r"answer\.system"):
        prompts.load(name)


def test_the_answer_prompt_states_the_contract_with_grounding() -> None:
    text = prompts.load("answer.system").template
    for needed in (
        "NOT_IN_SOURCES",
        "[2.3]",
        "quoted material",
        "absolute dates",
        "side by side",
        "language of the question",
    ):
        assert needed in text
