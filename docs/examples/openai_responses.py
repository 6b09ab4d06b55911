"""Streams a response: python openai_responses.py "QUESTION" [http://127.0.0.1:7860/v1] (key in OPENAI_API_KEY)."""

import os
import sys

from openai import OpenAI, OpenAIError

question, base_url = sys.argv[1], (sys.argv[2:] or ["http://127.0.0.1:7860/v1"])[0]

# `live` shows text before all of it is checked; text that does not stand ends the stream in an openai.APIError.
extra = {"dateline": {"live": True, "scope": {"until": "2024"}}}
try:
    with OpenAI(base_url=base_url, api_key=os.environ.get("OPENAI_API_KEY", "none")) as client:
        for event in client.responses.create(model="dateline", input=question, stream=True, extra_body=extra):
            if event.type == "response.output_text.delta":
                print(event.delta, end="", flush=True)
            elif event.type == "response.output_text.annotation.added":
                place = event.annotation.model_extra["dateline"]
                print(f"\n[{place['marker']}] “{place['quote']}” {place['range_url']}", end="")
            elif event.type == "response.completed":
                print(f"\n{event.response.model_extra['dateline']['status']}")
except OpenAIError as error:
    sys.exit(f"{base_url} gave no answer: {error}")
