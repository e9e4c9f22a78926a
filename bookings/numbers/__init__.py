"""Numbers of the clinic, without names: how many, how fast, how full. Writes nothing."""
