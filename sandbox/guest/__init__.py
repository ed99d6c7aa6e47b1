"""What runs inside the sandbox's containers: the standard library of Python 3.11, nothing else."""
