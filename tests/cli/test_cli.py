"""The command line over real files and a real library: words in, text or JSON and an exit code out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SEEDS, Dateline

DOC = Path(__file__).parents[2] / "docs" / "json.md"

BLINKEN = "What did Blinken say that Pyongyang supplies to Moscow?"


def test_an_answer_is_printed_with_numbered_quotes(dateline: Dateline, ingested_seeds: Path) -> None:
    ran = dateline("ask", BLINKEN, "--library", ingested_seeds)
    assert ran.code == 0
    answer, _, quotes = ran.out.partition("\n\n")
    assert "military equipment" in answer
    assert "[1]" in answer
    assert "[1] “" in quotes
    assert "Dateline Sample Desk" in quotes
    assert "characters " in quotes


def test_every_json_citation_is_cut_from_the_stored_version(dateline: Dateline, ingested_seeds: Path) -> None:
    answer = json.loads(dateline("ask", BLINKEN, "--library", ingested_seeds, "--json").out)
    assert answer["status"] == "answered"
    assert answer["citations"]
    for citation in answer["citations"]:
        place = (citation["article_id"], "--version", citation["version"])
        article = json.loads(dateline("articles", "show", *place, "--json", "--library", ingested_seeds).out)
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_question_that_the_articles_do_not_answer_succeeds_and_says_so(
    dateline: Dateline, ingested_seeds: Path
) -> None:
    ran = dateline("ask", "Who won the Eurovision Song Contest in 1987?", "--library", ingested_seeds)
    assert ran.code == 0
    assert "The articles do not say." in ran.out
    row = json.loads(
        dateline("ask", "Who won the Eurovision Song Contest in 1987?", "--library", ingested_seeds, "--json").out
    )
    assert row["status"] == "not_in_sources"
    assert row["citations"] == []


def test_as_of_a_day_the_version_of_that_day_answers(dateline: Dateline, ingested_seeds: Path) -> None:
    question = ("ask", "How many people were hurt in the fire at Marrable Seafoods?", "--library", ingested_seeds)
    then = json.loads(dateline(*question, "--as-of", "2024-04-10", "--json").out)
    now = json.loads(dateline(*question, "--json").out)
    assert then["citations"][0]["version"] != now["citations"][0]["version"]


def test_dates_and_outlets_narrow_the_search(dateline: Dateline, ingested_seeds: Path) -> None:
    options = ("--publisher", "Harbour Post (fictional)", "--since", "2024-03-01", "--until", "2024-04-30")
    found = json.loads(dateline("search", "Arl Bridge", "--library", ingested_seeds, "--json", *options).out)["hits"]
    assert found
    assert {hit["publisher"] for hit in found} == {"Harbour Post (fictional)"}
    assert all("2024-03-01" <= hit["published"] < "2024-05-01" for hit in found)


def test_search_prints_as_many_passages_as_wanted(dateline: Dateline, ingested_seeds: Path) -> None:
    ran = dateline("search", "storm", "-k", "2", "--library", ingested_seeds)
    assert ran.code == 0
    assert ran.out.count(" · score ") == 2


def test_a_batch_answers_each_row_in_order_under_its_id(
    dateline: Dateline, ingested_seeds: Path, tmp_path: Path
) -> None:
    rows = [
        {"id": "a", "question": BLINKEN},
        {"id": 2, "question": "When did he hold those talks?", "history": [[BLINKEN, "Military equipment."]]},
        {"id": "late", "question": BLINKEN, "until": "2020-01-01"},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    ran = dateline("ask", "--batch", file, "--library", ingested_seeds)
    made = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [row["id"] for row in made] == ["a", 2, "late"]
    assert [row["status"] for row in made][0::2] == ["answered", "not_in_sources"]
    assert made[1]["standalone"] != "When did he hold those talks?"
    hits = dateline("search", "--batch", file, "-k", "3", "--library", ingested_seeds)
    assert [len(json.loads(line)["hits"]) for line in hits.out.splitlines()] == [3, 3, 0]


def test_broken_batch_rows_are_answered_with_what_is_wrong(
    dateline: Dateline, ingested_seeds: Path, tmp_path: Path
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        'nonsense\n{"id": 1}\n{"id": 2, "question": "Who?", "as_of": "someday"}\n'
        '{"id": 3, "question": "Who is the mayor of Pellhaven? \\ud800"}\n'
    )
    ran = dateline("ask", "--batch", file, "--library", ingested_seeds)
    made = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [row["id"] for row in made] == [None, 1, 2, 3]
    assert ["error" in row for row in made] == [True, True, True, False]


def test_a_batch_can_come_from_standard_input(ingested_seeds: Path) -> None:
    words = ["search", "--batch", "-", "-k", "1", "--library", str(ingested_seeds)]
    row = json.dumps({"id": "x", "question": "storm"})
    ran = subprocess.run(
        [sys.executable, "-c", "import app; app.main()", *words], input=row, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["id"] == "x"
    assert not ran.stderr


def test_ingesting_twice_changes_nothing(dateline: Dateline, seed_library: Path) -> None:
    first = json.loads(dateline("articles", "list", "--json", "--library", seed_library).out)
    ran = dateline("ingest", SEEDS, "--library", seed_library, "--json")
    report = json.loads(ran.out)
    assert ran.code == 0
    assert not report["added"] + report["updated"] + report["failed"]
    assert first == json.loads(dateline("articles", "list", "--json", "--library", seed_library).out)


def test_a_bad_file_is_named_and_the_others_are_read(dateline: Dateline, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.txt").write_text("The ferry sails at nine.\n\nIt carries forty cars.")
    (tmp_path / "in" / "empty.txt").write_text("")
    (tmp_path / "in" / "picture.txt").write_bytes(bytes(range(256)) * 8)
    ran = dateline("ingest", tmp_path / "in", "--library", tmp_path / "library")
    assert ran.code == 1
    assert "1 added, 2 failed" in ran.out
    lines = ran.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("dateline: ") for line in lines)
    assert any("empty.txt" in line for line in lines)
    assert any("picture.txt" in line for line in lines)


def test_removed_articles_are_gone_at_once(dateline: Dateline, seed_library: Path) -> None:
    search = ("search", "grey seal slipway", "--json", "--library", seed_library)
    hit = json.loads(dateline(*search).out)["hits"][0]
    ran = dateline("articles", "remove", hit["article_id"], "nosuch", "--library", seed_library)
    assert ran.code == 1
    assert "nosuch" in ran.err
    after = json.loads(dateline(*search).out)["hits"]
    assert hit["article_id"] not in {each["article_id"] for each in after}
    assert dateline("articles", "show", hit["article_id"], "--library", seed_library).code == 2


def test_the_operator_commands_leave_a_library_in_order(dateline: Dateline, seed_library: Path) -> None:
    assert dateline("reindex", "--library", seed_library).code == 0
    assert dateline("compact", "--library", seed_library).code == 0
    ran = dateline("doctor", "--library", seed_library)
    assert ran.code == 0
    assert all(line.startswith("ok ") for line in ran.out.splitlines())


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ask",), 2, "empty"),
        (("ask", "Who?", "--since", "someday"), 2, "since"),
        (("ask", "Who?", "--batch", "rows.jsonl"), 2, "--batch"),
        (("ask", "--batch", "/nowhere/rows.jsonl"), 2, "rows.jsonl"),
        (("articles", "show", "nosuch"), 2, "nosuch"),
        (("serve", "--port", "99999"), 2, "port"),
        (("nosuch",), 2, "nosuch"),
    ],
)
def test_mistakes_end_in_a_line_and_a_code(
    dateline: Dateline, ingested_seeds: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    ran = dateline(*words, *(("--library", str(ingested_seeds)) if words != ("nosuch",) else ()))
    assert ran.code == code
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert not ran.out


def test_a_missing_library_names_the_next_command(dateline: Dateline, tmp_path: Path) -> None:
    ran = dateline("ask", "Who?", "--library", tmp_path / "none")
    assert ran.code == 1
    assert "dateline ingest" in ran.err
    assert not (tmp_path / "none").exists()


def test_the_command_is_quiet_and_quick_to_help() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import app; app.main(['--help'])"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0
    assert not ran.stderr
    assert "doctor" in ran.stdout


def test_settings_that_cannot_be_used_are_named(ingested_seeds: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import app; app.main()", "ask", "Who?", "--library", str(ingested_seeds)],
        env={**os.environ, "DATELINE_PASSAGES": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("dateline: DATELINE_PASSAGES cannot be used")


def test_what_needs_no_vectors_needs_no_embedding_server(ingested_seeds: Path) -> None:
    environment = {
        **os.environ,
        "DATELINE_EMBEDDING_MODEL": "elsewhere",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "DATELINE_LIBRARY": str(ingested_seeds),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "import app; app.main()", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    listed, asked = run("articles", "list"), run("ask", "Who?")
    assert listed.returncode == 0
    assert asked.returncode == 1
    assert "dateline reindex" in asked.stderr
    assert asked.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["ingest … --json", "doctor --json"])
def test_operator_objects_have_the_documented_keys(dateline: Dateline, seed_library: Path, command: str) -> None:
    section = DOC.read_text(encoding="utf-8").partition(f"## `dateline {command}`")[2]
    documented = json.loads(section.partition("```json\n")[2].partition("```")[0])
    words = ("ingest", SEEDS) if command.startswith("ingest") else ("doctor",)
    printed = json.loads(dateline(*words, "--json", "--library", seed_library).out)
    assert printed.keys() == documented.keys()
    assert printed["schema"] == documented["schema"]
