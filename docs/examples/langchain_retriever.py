"""Uses a library in a LangChain pipeline: python langchain_retriever.py "QUESTION" [LIBRARY]."""

import sys

from langchain_core.documents import Document
from langchain_core.runnables import RunnableParallel

import rag


def listed(documents: list[Document]) -> list[str]:
    return [f"{each.metadata['publisher']}: {each.metadata['title']}" for each in documents]


def told(answer: rag.Answer) -> str:
    return f"{answer.text} ({answer.status.value})"


with rag.open(*sys.argv[2:]) as library:
    pipeline = RunnableParallel(
        found=library.as_retriever(k=3) | listed,
        answer=library.as_runnable() | told,
    )
    made = pipeline.invoke(sys.argv[1])
    print(made["answer"], *made["found"], sep="\n")
