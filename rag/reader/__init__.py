"""The embedded reader: answers without a model, in the articles' own sentences."""
