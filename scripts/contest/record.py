"""The line that a handler leaves in the file of a match."""

import struct

RECORD = struct.Struct("<qd")
"""The number of the message, and when it was done, in seconds of the machine's monotonic clock."""
