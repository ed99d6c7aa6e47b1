"""What is spoken over HTTP: the registry protocol, an API, pages."""
