"""Policies in use: files found and read, reports and lock files decided on, said and explained."""
