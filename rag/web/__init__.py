"""The chat page: a browser's view of the desk, with every citation one click from the article it was cut from."""
