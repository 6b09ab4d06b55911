"""Answers measured against written expectations: suites, scorers, runs, statistics, reports."""
