"""What to do when a hunt has found something; the texts are in `signatures/response.toml`."""
