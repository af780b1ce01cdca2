"""From files to what the config is parsed from."""
