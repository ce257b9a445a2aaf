"""Command line of the data folder."""

import sys

from data_access.cli import main

sys.exit(main())
