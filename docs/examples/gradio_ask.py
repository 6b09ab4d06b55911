"""Asks through the page's own endpoints: python gradio_ask.py "QUESTION" [http://127.0.0.1:7860] (and DATELINE_KEY)."""

import os
import sys

from gradio_client import Client

question, address = sys.argv[1], (sys.argv[2:] or ["http://127.0.0.1:7860"])[0]
headers = {"Authorization": f"Bearer {os.environ['DATELINE_KEY']}"} if "DATELINE_KEY" in os.environ else {}

try:
    client = Client(address, headers=headers, verbose=False, analytics_enabled=False)
    answer = client.predict(question, api_name="/ask")
    print(answer["text"])
    for citation in answer["citations"]:
        print(f"[{citation['marker']}] {citation['quote']} ({citation['title']})")

    # The answer's own text, checked as any draft is.
    checked = client.predict(answer["text"], api_name="/check")
    print(checked["verdicts"])
except Exception as error:  # noqa: BLE001  the client has no type of its own for what goes wrong
    sys.exit(f"{address} gave no answer: {error}")
