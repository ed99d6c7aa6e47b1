"""What runs inside the sandbox's containers: standard library only, nothing of the analyzer.

Ships as one file (`sandbox.image`), so that a container holds no folder that tells what it is.
"""
