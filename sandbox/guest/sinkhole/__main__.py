"""`python -m sandbox.guest.sinkhole`."""

import sys

from sandbox.guest.sinkhole.serve import main

sys.exit(main(sys.argv[1:]))
