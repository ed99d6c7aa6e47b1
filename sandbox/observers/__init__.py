"""The instruments of a run: what each recorded, as values. All of it is hostile input."""
