"""`python -m app.collector`, the same as `roadstead collect`."""

import sys

from app.collector.command import main

sys.exit(main())
