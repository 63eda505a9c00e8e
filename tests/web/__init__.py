"""The member's screens, with a fake gate on the other end of a real socket."""
