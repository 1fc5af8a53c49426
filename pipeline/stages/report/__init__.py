"""The report: pictures of one foot, plots over all, statistics as text, and HTML pages."""
