"""`python -m roadstead.collector`, the same as `roadstead collect`."""

import sys

from roadstead.collector.command import main

sys.exit(main())
