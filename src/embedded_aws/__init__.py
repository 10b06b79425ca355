"""An AWS on 127.0.0.1: ministack, pinned, and the pieces it lacks. See README.md in this folder."""
