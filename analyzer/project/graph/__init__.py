"""What only a whole dependency graph can tell: what is built, what runs where, what meets whom.

Works on locked packages and reports alone: no network, no sources, no order of workers.
"""
