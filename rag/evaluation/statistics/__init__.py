"""From results to figures: intervals, summaries, comparisons."""
