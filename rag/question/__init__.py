"""What was asked: rows and options as questions, follow-ups made standalone, dates and outlets as a scope."""
