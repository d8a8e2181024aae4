"""Values to text, for people and for programs. Pure functions: nothing here writes or asks."""
