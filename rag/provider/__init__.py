"""The language-model server: the client behind `ChatModel`, and what can go wrong with it in words."""
