"""Questions over news articles, answered with citations that can be proved."""
