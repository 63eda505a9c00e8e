"""`python -m kiosk.demo.run_broker PORT ACCOUNTS`: the embedded broker in a process of its own."""

import sys
from pathlib import Path

from kiosk.demo.broker import run_broker

if __name__ == "__main__":
    run_broker(int(sys.argv[1]), Path(sys.argv[2]))
