"""Asks with OpenAI's client: python openai_chat.py "QUESTION" [http://127.0.0.1:7860/v1] (key in OPENAI_API_KEY)."""

import os
import sys

from openai import OpenAI, OpenAIError

question, base_url = sys.argv[1], (sys.argv[2:] or ["http://127.0.0.1:7860/v1"])[0]

try:
    with OpenAI(base_url=base_url, api_key=os.environ.get("OPENAI_API_KEY", "none")) as client:
        completion = client.chat.completions.create(
            model="dateline",
            messages=[{"role": "user", "content": question}],
        )
except OpenAIError as error:
    sys.exit(f"{base_url} gave no answer: {error}")

message = completion.choices[0].message
print(message.content)
for annotation in message.annotations or []:
    cited = annotation.url_citation
    print((message.content or "")[cited.start_index : cited.end_index], cited.title, cited.url)

# The whole proof, as `dateline ask --json` prints it.
print((completion.model_extra or {})["dateline"]["status"])
