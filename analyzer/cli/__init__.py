"""One module per sub-command; the only place that prints or exits."""
