"""What serves Dateline over HTTP: the chat page and the API, on one port, over one stream of events."""
