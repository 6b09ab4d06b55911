"""Asks with LangChain's chat model: python langchain_chat.py "QUESTION" [http://127.0.0.1:7860/v1]."""

import os
import sys

from langchain_openai import ChatOpenAI
from openai import OpenAIError

question, base_url = sys.argv[1], (sys.argv[2:] or ["http://127.0.0.1:7860/v1"])[0]

# Citations reach LangChain through the responses API alone.
chat = ChatOpenAI(
    model="dateline",
    base_url=base_url,
    api_key=lambda: os.environ.get("OPENAI_API_KEY", "none"),
    use_responses_api=True,
    timeout=120,
)
try:
    reply = chat.invoke(question)
except OpenAIError as error:
    sys.exit(f"{base_url} gave no answer: {error}")
print(reply.text)
for block in reply.content_blocks:
    for citation in block.get("annotations", []):
        print(citation["title"], citation["extras"]["dateline"]["quote"], sep=": ")
