"""Where values come from: backward from what is handed out to what was read."""
