"""What an owner wants: policy, waivers, accepted audits, and the decision they make of a verdict.

Nothing here opens a file, asks a clock or a network: readers take bytes, `decide` takes values.
"""
