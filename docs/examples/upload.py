"""Uploads articles and waits until they are stored: python upload.py FILE… (server and key as below).

Sent again under the same Idempotency-Key, after a connection that broke, the upload is answered and not done again.
"""

import os
import sys
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

import httpx

address = os.environ.get("DATELINE_URL", "http://127.0.0.1:7860")
key = {"Authorization": f"Bearer {os.environ['DATELINE_KEY']}"} if "DATELINE_KEY" in os.environ else {}

try:
    with httpx.Client(base_url=address, headers=key, timeout=60) as client, ExitStack() as stack:
        files = [("files", (path, stack.enter_context(Path(path).open("rb")))) for path in sys.argv[1:]]
        asked = {"Prefer": "respond-async", "Idempotency-Key": str(uuid.uuid4())}
        reply = client.post("/v1/articles", files=files, headers=asked)
        if reply.is_error:
            sys.exit(reply.json()["detail"])
        job = reply.json()
        while not job["ended"]:
            time.sleep(0.2)
            job = client.get(reply.headers["Location"]).raise_for_status().json()
except (OSError, httpx.HTTPError) as error:
    sys.exit(f"{address} did not say that the files are stored: {error}")

if job["problem"]:
    sys.exit(job["problem"]["detail"])
report = job["report"]
for failure in report["failed"]:
    print(failure["path"], failure["place"], failure["reason"], file=sys.stderr)
print(len(report["added"]), "added,", len(report["updated"]), "updated,", len(report["unchanged"]), "unchanged")
