"""Recorded replies are given again as they were, to the same requests and to no others."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag.errors import ConfigurationError, NotRecordedError, ProviderBusyError, ProviderError
from rag.protocols import ChatModel, Message
from rag.provider.recorded import RecordingChat, ReplayedChat, asking_for
from rag.testing import ScriptedChat
from rag.types import Usage


def asked(*texts: str) -> list[Message]:
    return [Message(role="user", content=text) for text in texts]


def reply(model: ChatModel, *texts: str) -> list[str | Usage]:
    return list(model.stream(asked(*texts)))


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "replies" / "tape.jsonl"


def test_a_reply_is_replayed_piece_by_piece_with_its_usage(tape: Path) -> None:
    pieces: list[str | Usage] = ["Four", " hurt\u2028[1.1]\ud800", "", Usage(input_tokens=7, output_tokens=3)]
    recording = RecordingChat(ScriptedChat([*pieces], "plain", name="tiny"), tape)
    assert recording.name == "tiny"
    assert [reply(recording, "How many?"), reply(recording, "And?")] == [pieces, ["plain"]]
    replayed = ReplayedChat(tape, "tiny")
    assert replayed.name == "tiny"
    assert [reply(replayed, "And?"), reply(replayed, "How many?")] == [["plain"], pieces]


def test_each_repetition_has_its_own_reply(tape: Path) -> None:
    recording = RecordingChat(ScriptedChat("one", "two", name="tiny"), tape)
    assert [reply(recording, "Again?"), reply(recording, "Again?")] == [["one"], ["two"]]
    replayed = ReplayedChat(tape, "tiny")
    assert [reply(replayed, "Again?"), reply(replayed, "Again?")] == [["one"], ["two"]]
    with pytest.raises(NotRecordedError, match=r"record again with --record.*asked more often or in another case\."):
        reply(replayed, "Again?")


@pytest.mark.parametrize(
    "messages",
    [
        asked("How many were hurt?"),
        asked("How many?", ""),
        [Message(role="system", content="How many?")],
        [],
    ],
)
def test_another_request_is_refused_and_not_as_the_fault_of_a_server(tape: Path, messages: Sequence[Message]) -> None:
    reply(RecordingChat(ScriptedChat("four", name="tiny"), tape), "How many?")
    with pytest.raises(NotRecordedError, match="no reply of tiny to this request") as refused:
        list(ReplayedChat(tape, "tiny").stream(messages))
    assert not isinstance(refused.value, ProviderError), "whoever mends provider errors would hide it"


def test_the_models_that_were_recorded_are_told(tape: Path) -> None:
    reply(RecordingChat(ScriptedChat("four", name="tiny"), tape), "How many?")
    with pytest.raises(ConfigurationError, match="holds replies of tiny, not of large"):
        ReplayedChat(tape, "large")


def test_a_file_without_replies_is_refused(tape: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no recorded replies; make it with --record"):
        ReplayedChat(tape, "tiny")


def test_a_failure_is_replayed_where_it_happened(tape: Path) -> None:
    recording = RecordingChat(ScriptedChat(["Fo", ProviderBusyError("It is busy.")], "four", name="tiny"), tape)
    with pytest.raises(ProviderBusyError):
        reply(recording, "How many?")
    assert reply(recording, "How many?") == ["four"]
    replayed = ReplayedChat(tape, "tiny")
    stream = replayed.stream(asked("How many?"))
    assert next(stream) == "Fo"
    with pytest.raises(ProviderError, match=r"It is busy\."):
        next(stream)
    assert reply(replayed, "How many?") == ["four"]


def test_a_reply_that_nobody_waited_for_is_not_kept(tape: Path) -> None:
    stream = RecordingChat(ScriptedChat(["Fo", "ur"], name="tiny"), tape).stream(asked("How many?"))
    next(stream)
    del stream
    assert not tape.exists()


def test_each_purpose_has_its_own_replies_whatever_is_asked_between(tape: Path) -> None:
    recording = RecordingChat(ScriptedChat("a1", "b1", "a2", name="tiny"), tape)
    with asking_for("suite", "a"):
        first = reply(recording, "Why?")
        with asking_for("suite", "b"):
            other = reply(recording, "Why?")
        second = reply(recording, "Why?")
    assert (first, other, second) == (["a1"], ["b1"], ["a2"])
    replayed = ReplayedChat(tape, "tiny")
    with asking_for("suite", "b"):
        assert reply(replayed, "Why?") == ["b1"]
    with asking_for("suite", "a"):
        assert [reply(replayed, "Why?"), reply(replayed, "Why?")] == [["a1"], ["a2"]]
    for names in ((), ("suite",), ("suite a",), ("suite", "c")):
        with asking_for(*names), pytest.raises(NotRecordedError):
            reply(replayed, "Why?")


def test_what_is_begun_again_replaces_the_replies_and_failures_of_before(tape: Path) -> None:
    recording = RecordingChat(ScriptedChat("old", [ProviderBusyError("busy")], "new", "mended", name="tiny"), tape)
    with asking_for("case"), pytest.raises(ProviderBusyError):
        reply(recording, "Why?")
        reply(recording, "Who?")
    with asking_for("case"):
        reply(recording, "Why?")
        reply(recording, "Who?")
    replayed = ReplayedChat(tape, "tiny")
    with asking_for("case"):
        assert [reply(replayed, "Why?"), reply(replayed, "Who?")] == [["new"], ["mended"]]


def test_recording_anew_replaces_the_replies_to_the_same_requests_alone(tape: Path) -> None:
    first = RecordingChat(ScriptedChat("old", "kept", name="tiny"), tape, session="1")
    reply(first, "How many?")
    reply(first, "Where?")
    reply(RecordingChat(ScriptedChat("new", name="tiny"), tape, session="2"), "How many?")
    replayed = ReplayedChat(tape, "tiny")
    assert [reply(replayed, "How many?"), reply(replayed, "Where?")] == [["new"], ["kept"]]


def test_a_session_that_goes_on_asks_only_for_what_it_lacks(tape: Path) -> None:
    pieces: list[str | Usage] = ["on", "e", Usage(input_tokens=7, output_tokens=3)]
    begun = RecordingChat(ScriptedChat([*pieces], [ProviderBusyError("busy")], name="tiny"), tape, session="1")
    with asking_for("case"), pytest.raises(ProviderBusyError):
        reply(begun, "Why?")
        reply(begun, "Why?")
    with tape.open("ab") as file:
        file.write(b'{"key": "torn by a ki')
    for model in (ScriptedChat("two", name="tiny"), ScriptedChat(name="tiny")):
        with asking_for("case"):
            recording = RecordingChat(model, tape, session="1")
            assert [reply(recording, "Why?"), reply(recording, "Why?")] == [pieces, ["two"]]
    replayed = ReplayedChat(tape, "tiny")
    with asking_for("case"):
        assert [reply(replayed, "Why?"), reply(replayed, "Why?")] == [pieces, ["two"]]


def test_what_another_session_replaced_since_is_asked_for_again(tape: Path) -> None:
    for session, said in (("1", "one"), ("2", "other"), ("1", "again")):
        assert reply(RecordingChat(ScriptedChat(said, name="tiny"), tape, session=session), "Why?") == [said]
    assert reply(ReplayedChat(tape, "tiny"), "Why?") == ["again"]


class Echo:
    """Answers with what it is asked; from any thread."""

    name = "echo"

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        yield messages[-1].content


def test_requests_may_come_from_many_threads_in_any_order(tape: Path) -> None:
    recording = RecordingChat(Echo(), tape)
    texts = [f"question {n % 20}" for n in range(60)]
    threads = [threading.Thread(target=reply, args=(recording, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    replayed = ReplayedChat(tape, "echo")
    assert [reply(replayed, text) for text in reversed(texts)] == [[text] for text in reversed(texts)]
