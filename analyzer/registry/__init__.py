"""The only door to the network: index, downloads, checksums, cache. See `fetch.Registry`."""
